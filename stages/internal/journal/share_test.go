package journal

import "testing"

func TestOwnShare_LeavesPeoplesEntriesOut(t *testing.T) {
	for _, c := range []struct{ name, body, ours, want string }{
		{"nothing of people's", `{"label_ids":[2,1],"name":"x"}`, `{"label_ids":[1,2]}`, `{}`},
		{"an entry of people's", `{"label_ids":[1,3]}`, `{"label_ids":[1]}`, `{"label_ids":[1]}`},
		{"one that people removed is not known as ours", `{"label_ids":[3]}`, `{"label_ids":[1]}`, `{"label_ids":[]}`},
		{"only people's are left", `{"custom_fields":{"a":[3]}}`, `{}`, `{"custom_fields":{"a":null}}`},
		{"a contact by its value, as NextCRM labels it", `{"emails":[{"value":"A@b","label":"home","primary":true},{"value":"c@d","primary":false}]}`,
			`{"emails":[{"value":"a@b","label":"work","primary":true}]}`, `{"emails":[{"label":"work","primary":true,"value":"a@b"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := OwnShare([]byte(c.body), []byte(c.ours))
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, want %s (%v)", got, c.want, err)
			}
		})
	}
}
