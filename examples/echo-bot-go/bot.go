package main

import (
	"encoding/json"
	"strings"
	"sync"
)

// maxText is Meta's limit, in characters.
const maxText = 2000

// request is what the bot reads of a delivery. There is more in it, and more may come: the rest is ignored.
type request struct {
	Data struct {
		Conversation struct {
			State        json.RawMessage `json:"state"`
			StateVersion int             `json:"state_version"`
		} `json:"conversation"`
		Events []event `json:"events"`
	} `json:"data"`
}

// event has, in raw, the event as Meta sent it.
type event struct {
	Type string          `json:"type"`
	Raw  json.RawMessage `json:"raw"`
}

type item struct {
	Message struct {
		Text        string `json:"text"`
		QuickReply  *tap   `json:"quick_reply"`
		Attachments []struct {
			Type string `json:"type"`
		} `json:"attachments"`
	} `json:"message"`
	Postback tap `json:"postback"`
}

type tap struct {
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// message is a Send API message.
type message struct {
	Text string `json:"text"`
}

// state is kept by the gateway, and comes back with the next delivery of the conversation.
type state struct {
	Count int `json:"count"`
}

type reply struct {
	Messages     []message `json:"messages,omitempty"`
	State        *state    `json:"state,omitempty"`
	StateVersion *int      `json:"state_version,omitempty"`
}

// replyTo is what the bot says to one event; nil is nothing.
func replyTo(e event) (*message, error) {
	if e.Type != "message" && e.Type != "postback" {
		return nil, nil
	}
	var raw item
	if err := json.Unmarshal(e.Raw, &raw); err != nil {
		return nil, err
	}
	said := raw.Message
	switch {
	case e.Type == "postback" && raw.Postback.Payload == "":
		return text("payload: " + raw.Postback.Title), nil
	case e.Type == "postback":
		return text("payload: " + raw.Postback.Payload), nil
	// A tapped quick reply carries its title as text, too: the payload is what the bot once chose.
	case said.QuickReply != nil:
		return text("payload: " + said.QuickReply.Payload), nil
	case said.Text != "":
		return text("echo: " + said.Text), nil
	case len(said.Attachments) > 0:
		types := make([]string, len(said.Attachments))
		for i, attachment := range said.Attachments {
			types[i] = attachment.Type
		}
		return text("attachment: " + strings.Join(types, ", ")), nil
	}
	return nil, nil
}

func text(content string) *message {
	if characters := []rune(content); len(characters) > maxText {
		content = string(characters[:maxText])
	}
	return &message{Text: content}
}

// answerTo answers a whole delivery. One delivery may hold several events; their replies go out in this order.
func answerTo(body []byte) ([]byte, error) {
	var asked request
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, err
	}
	var given reply
	for _, e := range asked.Data.Events {
		said, err := replyTo(e)
		if err != nil {
			return nil, err
		}
		if said != nil {
			given.Messages = append(given.Messages, *said)
		}
	}
	if len(given.Messages) > 0 {
		conversation := asked.Data.Conversation
		given.State = &state{}
		// Null at first; and another bot may have left something else, which counts as nothing.
		_ = json.Unmarshal(conversation.State, given.State)
		given.State.Count += len(given.Messages)
		// Sending the version along keeps the stored state, should somebody else have changed it meanwhile.
		given.StateVersion = &conversation.StateVersion
	}
	return json.Marshal(given)
}

const rememberedAnswers = 1000

// deliveries remembers answers by webhook-id. Deliveries come at least once: when our answer is lost, the same one comes
// again. It must get the same answer, not be worked on twice. A real bot keeps these where they survive a restart.
type deliveries struct {
	mutex sync.Mutex
	byID  map[string]*delivery
	// The ids, oldest first.
	ids []string
}

// delivery is answered once; whoever brings it meanwhile waits for that answer. Others don't.
type delivery struct {
	once   sync.Once
	answer []byte
	err    error
}

func newDeliveries() *deliveries {
	return &deliveries{byID: map[string]*delivery{}}
}

func (d *deliveries) answerOnce(id string, body []byte) ([]byte, error) {
	one := d.find(id)
	one.once.Do(func() { one.answer, one.err = answerTo(body) })
	if one.err != nil {
		d.forget(id, one)
	}
	return one.answer, one.err
}

func (d *deliveries) find(id string) *delivery {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if one, known := d.byID[id]; known {
		return one
	}
	one := &delivery{}
	d.byID[id] = one
	d.ids = append(d.ids, id)
	if len(d.ids) > rememberedAnswers {
		delete(d.byID, d.ids[0])
		d.ids = d.ids[1:]
	}
	return one
}

// forget lets a delivery that failed be tried again.
func (d *deliveries) forget(id string, failed *delivery) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.byID[id] == failed {
		delete(d.byID, id)
	}
}
