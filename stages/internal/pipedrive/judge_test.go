package pipedrive

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestJudge_SortsAnswersByWhatTheyProve(t *testing.T) {
	const (
		html  = "<html>error code: 1015</html>"
		plain = `{"success":false,"error":"no","code":"ERR_BAD_REQUEST"}`
		limit = `{"success":false,"error":"Couldn’t add filter. You’ve reached the filters per company limit."}`
	)
	gone := errors.New("EOF")
	tests := []struct {
		name string
		a    answer
		fate fate
		kind Kind
	}{
		{"200 with a record", answer{status: 200, body: []byte(json200)}, done, 0},
		{"201 with a record", answer{status: 201, body: []byte(json200)}, done, 0},
		{"200 without an id", answer{status: 200, body: []byte(`{"success":true,"data":{}}`)}, lost, 0},
		{"200 that does not claim success", answer{status: 200, body: []byte(plain)}, lost, 0},
		{"200 cut short", answer{status: 200, body: []byte(`{"success":tr`)}, lost, 0},
		{"200 with nothing", answer{status: 200}, lost, 0},
		{"204", answer{status: 204}, lost, 0},
		{"200 with a web page", answer{status: 200, body: []byte(html)}, lost, Blocked},
		{"302", answer{status: 302}, denied, Blocked},
		{"400", answer{status: 400, body: []byte(plain)}, denied, Refused},
		{"401", answer{status: 401, body: []byte(plain)}, denied, Unauthorized},
		{"402", answer{status: 402, body: []byte(plain)}, denied, AccountClosed},
		{"403 for a permission", answer{status: 403, body: []byte(plain)}, denied, Forbidden},
		{"403 for a plan's code", answer{status: 403, body: []byte(`{"error":"x","code":"feature_capping_deals_limit"}`)}, denied, Capped},
		{"403 for a limit in words", answer{status: 403, body: []byte(limit)}, denied, Capped},
		{"403 as a web page", answer{status: 403, body: []byte(html)}, denied, Blocked},
		{"404", answer{status: 404, body: []byte(plain)}, denied, Refused},
		{"404 as a web page", answer{status: 404, body: []byte(html)}, denied, Blocked},
		{"404 cut short", answer{status: 404, body: []byte(`{"succ`)}, harmless, 0},
		{"405", answer{status: 405, body: []byte(plain)}, denied, Refused},
		{"408", answer{status: 408, body: []byte(plain)}, lost, 0},
		{"409", answer{status: 409, body: []byte(plain)}, denied, Refused},
		{"410", answer{status: 410, body: []byte(plain)}, denied, Refused},
		{"413", answer{status: 413, body: []byte(plain)}, denied, Refused},
		{"415", answer{status: 415, body: []byte(plain)}, denied, Refused},
		{"422", answer{status: 422, body: []byte(plain)}, denied, Refused},
		{"429", answer{status: 429, body: []byte(plain)}, limited, 0},
		{"429 with nothing", answer{status: 429}, limited, 0},
		{"429 as a web page", answer{status: 429, body: []byte(html)}, denied, Blocked},
		{"500", answer{status: 500, body: []byte(plain)}, lost, 0},
		{"501", answer{status: 501, body: []byte(plain)}, lost, 0},
		{"502 as a web page", answer{status: 502, body: []byte(html)}, lost, 0},
		{"503", answer{status: 503}, lost, 0},
		{"504", answer{status: 504}, lost, 0},
		{"no connection", answer{err: gone}, harmless, 0},
		{"no connection: wrong certificate", answer{err: errUntrusted}, denied, Blocked},
		{"connection without an answer", answer{err: gone, sent: true}, lost, 0},
		{"200 and then cut", answer{status: 200, err: gone, sent: true}, lost, 0},
		{"400 and then cut", answer{status: 400, err: gone, sent: true}, harmless, 0},
		{"408 and then cut", answer{status: 408, err: gone, sent: true}, lost, 0},
	}
	res, _ := resourceOf("deal")
	for _, tt := range tests {
		tt.a.header = http.Header{}
		got := judge(tt.a, func(env envelope) error { _, err := res.record(env.Data, ""); return err })
		if got.fate != tt.fate || got.kind != tt.kind {
			t.Errorf("%s: fate %d kind %q, want fate %d kind %q", tt.name, got.fate, got.kind, tt.fate, tt.kind)
		}
	}
}

func TestAgain_RepeatsAWriteOnlyWhenNothingCanHaveHappened(t *testing.T) {
	tests := []struct {
		name    string
		isWrite bool
		v       verdict
		tries   int
		want    bool
		ceiling time.Duration // longest pause, exclusive
	}{
		{"write that never left", true, verdict{fate: harmless}, 1, true, time.Second},
		{"write that may have happened", true, verdict{fate: lost}, 1, false, 0},
		{"read without an answer", false, verdict{fate: lost}, 1, true, time.Second},
		{"read, second pause", false, verdict{fate: lost}, 2, true, 2 * time.Second},
		{"read, third pause", false, verdict{fate: lost}, 3, true, 4 * time.Second},
		{"read, tried enough", false, verdict{fate: lost}, 4, false, 0},
		{"read answered by a web page", false, verdict{fate: lost, kind: Blocked}, 1, false, 0},
		{"refused", false, verdict{fate: denied, kind: Refused}, 1, false, 0},
		{"done", false, verdict{fate: done}, 1, false, 0},
	}
	for _, tt := range tests {
		for _, chance := range []float64{0, 0.5, 0.999} {
			pause, ok := again(tt.isWrite, tt.v, tt.tries, chance)
			if want := time.Duration(chance * float64(tt.ceiling)); ok != tt.want || pause != want {
				t.Errorf("%s, chance %v: %s %v, want %s %v", tt.name, chance, pause, ok, want, tt.want)
			}
		}
	}
}

func TestEnded_TellsABurstFromASpentDay(t *testing.T) {
	tests := []struct {
		name             string
		dailyLeft, cost  int
		wait             time.Duration
		strikes, attempt int
		want             Kind
	}{
		{"first 429", 900, 5, 2 * time.Second, 1, 1, 0},
		{"first 429, daily headers missing", -1, 5, 2 * time.Second, 1, 1, 0},
		{"no tokens left", 0, 5, 2 * time.Second, 1, 1, BudgetSpent},
		{"fewer tokens left than needed", 4, 5, 2 * time.Second, 1, 1, BudgetSpent},
		{"pauses do not help", -1, 5, 2 * time.Second, maxStrikes, 5, BudgetSpent},
		{"pauses do not help though tokens are left", 900, 5, 2 * time.Second, maxStrikes, 5, Temporary},
		{"told to wait for hours", -1, 5, 3 * time.Hour, 1, 1, BudgetSpent},
		{"told to wait for a minute", -1, 5, time.Minute, 1, 1, 0},
		{"others get through, this one never", -1, 5, 2 * time.Second, 1, maxAttempts, Temporary},
	}
	for _, tt := range tests {
		if got := ended(tt.dailyLeft, tt.cost, tt.wait, tt.strikes, tt.attempt); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
