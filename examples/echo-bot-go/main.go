// An echo bot for Messengate's native protocol (docs/bot-protocol.md): Go 1.19 or newer, standard library only.
//
//	BOT_SIGNING_SECRET=whsec_… PORT=8789 go run .
//
// This file is the server. What it checks is in signature.go; what it says is in bot.go, the part to replace.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const maxBodyBytes = 1 << 20

func main() {
	keys, err := readKeys(os.Getenv("BOT_SIGNING_SECRET"))
	if err != nil {
		// A bot that can't check signatures must not run.
		log.Fatal(err)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8789"
	}
	server := &http.Server{
		Addr:              net.JoinHostPort("127.0.0.1", port),
		Handler:           newHandler(keys),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       time.Minute,
	}

	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	stopped := make(chan error, 1)
	go func() {
		<-stop.Done()
		// What is being answered is still answered. A second signal ends it at once.
		cancel()
		stopped <- server.Shutdown(context.Background())
	}()

	log.Printf("echo bot on http://%s", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	if err := <-stopped; err != nil {
		log.Fatal(err)
	}
}

func newHandler(keys [][]byte) http.Handler {
	deliveries := newDeliveries()
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, []byte(`{"status":"ok"}`))
	})
	// To the gateway, most 4xx are final; 5xx and silence mean "again later".
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			fail(w, http.StatusMethodNotAllowed, "POST deliveries here; GET /healthz")
			return
		}
		// The raw bytes: what is signed is what was sent, not what a parser makes of it.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
		if err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				fail(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
			} else {
				fail(w, http.StatusRequestTimeout, "the body did not arrive whole")
			}
			return
		}
		if !isSigned(r.Header, body, keys, time.Now()) {
			fail(w, http.StatusUnauthorized, "the signature is wrong or too old")
			return
		}
		content, err := deliveries.answerOnce(r.Header.Get("webhook-id"), body)
		if err != nil {
			log.Print(err)
			fail(w, http.StatusInternalServerError, "the bot failed")
			return
		}
		answer(w, http.StatusOK, content)
	})
	return mux
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// If this fails the gateway has gone, and asks again.
	_, _ = w.Write(body)
}

func fail(w http.ResponseWriter, status int, why string) {
	answer(w, status, []byte(fmt.Sprintf(`{"error":%q}`, why)))
}
