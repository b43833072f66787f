package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Standard Webhooks' tolerance: an older request may be a replay of one that somebody recorded.
const tolerance = 5 * time.Minute

// isSigned tells whether the gateway signed exactly these bytes, lately. The HMAC covers id.timestamp.body, so that
// neither id nor time can be exchanged. While secrets rotate there are several keys here and several signatures there:
// one pair is enough.
func isSigned(header http.Header, body []byte, keys [][]byte, now time.Time) bool {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return false
	}
	for _, signature := range strings.Split(header.Get("webhook-signature"), " ") {
		given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(signature, "v1,"))
		if err != nil || !strings.HasPrefix(signature, "v1,") {
			continue
		}
		for _, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(id + "." + timestamp + "."))
			mac.Write(body)
			// Takes the same time wherever they differ, so that a signature can't be found byte by byte.
			if hmac.Equal(given, mac.Sum(nil)) {
				return true
			}
		}
	}
	return false
}

var errSecret = errors.New("BOT_SIGNING_SECRET is not set or malformed. Give it the gateway's value: whsec_ and 24 to 64 " +
	`bytes in base64, several separated by spaces. Make one: echo "whsec_$(openssl rand -base64 32)"`)

// readKeys decodes one or more secrets: `whsec_` and 24 to 64 bytes in base64 each.
func readKeys(setting string) ([][]byte, error) {
	var keys [][]byte
	for _, secret := range strings.Fields(setting) {
		encoded := strings.TrimRight(strings.TrimPrefix(secret, "whsec_"), "=")
		key, err := base64.RawStdEncoding.DecodeString(encoded)
		if err != nil || !strings.HasPrefix(secret, "whsec_") || len(key) < 24 || len(key) > 64 {
			return nil, errSecret
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errSecret
	}
	return keys, nil
}
