package mapping

import (
	"fmt"
	"strconv"
	"strings"
)

// activitySettings say what happens to mails and to many notes on one deal.
func activitySettings() []Setting {
	return []Setting{
		{"mailbox_mail", text("linked"), "private mail is nobody's business", nil, "mails of the mailboxes: linked (those linked to a contact or an account), all or none"},
		{"notes_per_deal", text("100"), "Pipedrive has a limit whose number it does not tell", nil, "notes a deal may have; further ones share notes, with dates, authors and ids of all"},
		{"call_logs", text("no"), "calls move as activities with all they hold", nil, "whether calls become call logs too: only no; their list shows nobody else's, so they could not be verified"},
	}
}

// checkActivitySettings refuses what the other stages could not keep to.
func (m *builder) checkActivitySettings() error {
	if m.setting["call_logs"] != "no" {
		return fmt.Errorf("%w: map_setting \"call_logs\" takes no: call logs are not built, since Pipedrive lists only the token user's own and they could not be read back; calls move as activities", ErrDecision)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(m.setting["notes_per_deal"])); err != nil || n < 1 {
		return fmt.Errorf("%w: map_setting \"notes_per_deal\" takes a whole number from 1, not %q", ErrDecision, m.setting["notes_per_deal"])
	}
	return nil
}
