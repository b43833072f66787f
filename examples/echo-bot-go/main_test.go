package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var key, other = []byte(strings.Repeat("a", 32)), []byte(strings.Repeat("b", 32))

// signed is what the gateway does: one signature for each key.
func signed(id string, at time.Time, body string, keys ...[]byte) http.Header {
	timestamp := fmt.Sprint(at.Unix())
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	header := http.Header{}
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", strings.Join(signatures, " "))
	return header
}

func TestSignature(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	changed := func(name, value string) http.Header {
		header := signed("msg_1", now, "body", key)
		header.Set(name, value)
		return header
	}
	for name, test := range map[string]struct {
		header http.Header
		body   string
		want   bool
	}{
		"good":                      {signed("msg_1", now, "body", key), "body", true},
		"one of two, in a rotation": {signed("msg_1", now, "body", other, key), "body", true},
		"another key":               {signed("msg_1", now, "body", other), "body", false},
		"another body":              {signed("msg_1", now, "body", key), "body ", false},
		"another id":                {changed("webhook-id", "msg_2"), "body", false},
		"another time":              {changed("webhook-timestamp", "1790000001"), "body", false},
		"no time":                   {changed("webhook-timestamp", ""), "body", false},
		"another version":           {changed("webhook-signature", "v2,AAAA"), "body", false},
		"not base64":                {changed("webhook-signature", "v1,???"), "body", false},
		"too old":                   {signed("msg_1", now.Add(-6*time.Minute), "body", key), "body", false},
		"of the future":             {signed("msg_1", now.Add(6*time.Minute), "body", key), "body", false},
		"nothing":                   {http.Header{}, "body", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isSigned(test.header, []byte(test.body), [][]byte{key}, now); got != test.want {
				t.Errorf("isSigned = %v, want %v", got, test.want)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	good := "whsec_" + base64.StdEncoding.EncodeToString(key)
	for setting, want := range map[string]int{
		good:                         1,
		strings.TrimRight(good, "="): 1,
		good + " " + good:            2,
		"":                           0,
		"whsec_c2hvcnQ=":             0,
		"secret":                     0,
		good + " secret":             0,
	} {
		keys, err := readKeys(setting)
		if len(keys) != want || (err == nil) != (want > 0) {
			t.Errorf("readKeys(%q) = %d keys, %v; want %d", setting, len(keys), err, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct{ conversation, events, want string }{
		"a text": {
			`{"state":null,"state_version":0}`,
			`{"type":"message","raw":{"message":{"text":"Grüß Gott 🚀"}}}`,
			`{"messages":[{"text":"echo: Grüß Gott 🚀"}],"state":{"count":1},"state_version":0}`,
		},
		"a quick reply": {
			`{"state":{"count":1},"state_version":7}`,
			`{"type":"message","raw":{"message":{"text":"Red","quick_reply":{"payload":"RED"}}}}`,
			`{"messages":[{"text":"payload: RED"}],"state":{"count":2},"state_version":7}`,
		},
		"a postback without payload": {
			`{"state_version":0}`,
			`{"type":"postback","raw":{"postback":{"title":"Start"}}}`,
			`{"messages":[{"text":"payload: Start"}],"state":{"count":1},"state_version":0}`,
		},
		"several events, and another bot's state": {
			`{"state":"of another bot","state_version":0}`,
			`{"type":"message","raw":{"message":{"attachments":[{"type":"image"},{"type":"file"}]}}},` +
				`{"type":"postback","raw":{"postback":{"title":"Yes","payload":"YES"}}}`,
			`{"messages":[{"text":"attachment: image, file"},{"text":"payload: YES"}],"state":{"count":2},"state_version":0}`,
		},
		"receipts":           {`{"state_version":0}`, `{"type":"read","raw":{"read":{"watermark":1}}}`, `{}`},
		"what is no object":  {`{"state_version":0}`, `{"type":"unknown","raw":"odd"}`, `{}`},
		"an event to itself": {`{"state_version":0}`, `{"type":"echo","raw":{"message":{"text":"no"}}}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"data":{"conversation":%s,"events":[%s]}}`, test.conversation, test.events)
			got, err := answerTo([]byte(body))
			if err != nil || string(got) != test.want {
				t.Errorf("answerTo = %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	handler := newHandler([][]byte{key})
	body := `{"data":{"conversation":{"state_version":0},"events":[]}}`
	large := strings.Repeat(" ", maxBodyBytes+1)
	for name, test := range map[string]struct {
		method, path, body string
		header             http.Header
		want               int
	}{
		"health":           {"GET", "/healthz", "", nil, 200},
		"a browser":        {"GET", "/", "", nil, 405},
		"a delivery":       {"POST", "/", body, signed("msg_1", time.Now(), body, key), 200},
		"a forged one":     {"POST", "/", body, signed("msg_1", time.Now(), body, other), 401},
		"one too large":    {"POST", "/", large, signed("msg_1", time.Now(), large, key), 413},
		"one that is none": {"POST", "/", "odd", signed("msg_2", time.Now(), "odd", key), 500},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			for name, values := range test.header {
				request.Header[name] = values
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if recorder.Code != test.want {
				t.Errorf("status %d, want %d", recorder.Code, test.want)
			}
		})
	}
}

func TestRedelivery(t *testing.T) {
	deliveries := newDeliveries()
	first := `{"data":{"events":[{"type":"message","raw":{"message":{"text":"one"}}}]}}`
	once, err := deliveries.answerOnce("msg_1", []byte(first))
	if err != nil {
		t.Fatal(err)
	}
	again, err := deliveries.answerOnce("msg_1", []byte("not even read"))
	if err != nil || string(again) != string(once) {
		t.Errorf("the second time %s, %v; the first %s", again, err, once)
	}
	if _, err := deliveries.answerOnce("msg_2", []byte("odd")); err == nil {
		t.Error("what isn't JSON has no answer")
	}
	if _, err := deliveries.answerOnce("msg_2", []byte(first)); err != nil {
		t.Errorf("what failed isn't tried again: %v", err)
	}
}
