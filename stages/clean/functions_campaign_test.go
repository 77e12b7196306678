package clean

import (
	"strings"
	"testing"
)

func TestCampaignStatesAreTheWordsOfBothEditionsAndTheirPeers(t *testing.T) {
	for word, want := range map[string]string{"Draft": "draft", "pending-scheduled": "scheduled", "WORKING": "sending", "pending": "sending", "active": "sending", "paused": "paused",
		"Completed": "sent", "gesendet": "sent", "purged": "archived", "canceled": "cancelled", "trash": "deleted", "On Hold": "on hold"} {
		if got := call(t, "np_campaign_state", word); got != want {
			t.Errorf("%s: got %v, want %s", word, got, want)
		}
	}
	for _, nothing := range []any{nil, "", "NULL"} {
		if got := call(t, "np_campaign_state", nothing); got != nil {
			t.Errorf("%v: got %v, want no state", nothing, got)
		}
	}
}

func TestDocumentsOfCampaignsHaveNamesThatStayInTheirFolder(t *testing.T) {
	for _, c := range [][3]string{{"1", "Spring Launch", "1-spring-launch"}, {"../../etc", "passwd", "etc-passwd"}, {"7", "Über-Größe €", "7-uber-gro-e"},
		{"8", "冬", "8"}, {"", "..", "untitled"}, {"9", strings.Repeat("long ", 40), "9-" + strings.TrimSuffix(strings.Repeat("long-", 10), "-")[:48]}} {
		if got := call(t, "np_document", c[0], c[1]); got != strings.Trim(c[2], "-") {
			t.Errorf("%q %q: got %v, want %s", c[0], c[1], got, c[2])
		}
	}
}
