package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tier is what one burst limit says: plans old and new that have it, and what
// they allow (pipedrive-api.md, sections 2 and 6). Two numbers are the least
// and the most of those plans; 0 is no limit.
type tier struct {
	burst      int
	plans      []string
	multiplier int64
	fields     [2]int
	perSeat    [2]int64 // deals and leads, a seat
	older      int64    // deals of accounts from before 2025, whatever the seats
	groups     bool     // visibility knows groups: 5 and 7
	isSaid     bool     // a person has said which of the plans it is
}

// dealsPerSeat are the deals and leads of each plan; 0 is no limit.
var dealsPerSeat = map[string]int64{"essential": 2_000, "lite": 2_500, "advanced": 4_000, "growth": 5_000, "professional": 10_000,
	"premium": 15_000, "power": 15_000, "ultimate": 20_000, "enterprise": 0}

// IsPlan tells that Pipedrive has, or had, a plan of this name.
func IsPlan(name string) bool { _, ok := dealsPerSeat[name]; return ok }

// tierOf is the tier of a plan that a person has named.
func tierOf(plan string) (tier, bool) {
	i := slices.IndexFunc(tiers, func(t tier) bool { return slices.Contains(t.plans, plan) })
	if i < 0 {
		return tier{}, false
	}
	t := tiers[i]
	t.plans, t.perSeat, t.isSaid = []string{plan}, [2]int64{dealsPerSeat[plan], dealsPerSeat[plan]}, true
	return t, true
}

var tiers = []tier{
	{20, []string{"lite", "essential"}, 1, [2]int{30, 30}, [2]int64{2_000, 2_500}, 3_000, false, false},
	{40, []string{"growth", "advanced"}, 2, [2]int{100, 100}, [2]int64{4_000, 5_000}, 10_000, false, false},
	{80, []string{"professional"}, 3, [2]int{300, 300}, [2]int64{10_000, 10_000}, 100_000, false, false},
	{100, []string{"premium", "power"}, 5, [2]int{300, 500}, [2]int64{15_000, 15_000}, 200_000, true, false},
	{120, []string{"ultimate", "enterprise"}, 7, [2]int{500, 0}, [2]int64{20_000, 0}, 0, true, false},
}

const (
	seatTokens = 30_000  // a day, times the multiplier
	dealLimit  = 300_000 // no number of seats lifts the cap of deals above it
)

// tier is that of the plan that a person has named, else the plans are found
// by the account's burst limit.
func (x *examination) tier() (tier, bool) {
	if x.plan != "" {
		return tierOf(x.plan)
	}
	return x.seenTier()
}

func (x *examination) seenTier() (tier, bool) {
	burst := x.Meter.Limits().Burst
	i := slices.IndexFunc(tiers, func(t tier) bool { return t.burst == burst })
	if i < 0 {
		return tier{}, false
	}
	return tiers[i], true
}

// limits reads the plan off the headers and holds the settings against it.
func limits(_ context.Context, x *examination) error {
	seen := x.Meter.Limits()
	users := x.account.activeUsers()
	t, ok := x.seenTier()
	if x.plan != "" && ok && !slices.Contains(t.plans, x.plan) {
		x.find(Warning, "plan_differs", "contract", "%s was named with --account-plan, the account behaves like %s", x.plan, strings.Join(t.plans, " or "))
	}
	if x.seats > 0 {
		users = x.seats
	}
	if !ok {
		x.find(Warning, "plan_unknown", "burst", "no plan that is known allows %s requests per 2 s; %d active users", told(seen.Burst), users)
		return nil
	}
	x.find(Info, "plan_signs", "plan", "%s: %d requests per 2 s, tokens a day %s, left today %s, %d seats",
		strings.Join(t.plans, " or "), seen.Burst, told(seen.Daily), told(seen.DailyLeft), users)
	if seats := int64(seen.Daily) / (seatTokens * t.multiplier); seen.Daily > 0 && (seats != users || int64(seen.Daily)%(seatTokens*t.multiplier) != 0) {
		x.find(Info, "seats_differ", "seats", "%d tokens a day are %s seats of %s; %d are expected", seen.Daily,
			strconv.FormatFloat(float64(seen.Daily)/float64(seatTokens*t.multiplier), 'f', -1, 64), strings.Join(t.plans, " or "), users)
	}
	if plan := strings.ToLower(x.needs.settings["plan"]); plan != "" && !slices.Contains(t.plans, plan) {
		x.find(Warning, "plan_differs", "plan", "the map says %s, the account behaves like %s", plan, strings.Join(t.plans, " or "))
	}
	if budget, err := strconv.Atoi(x.needs.settings["custom_field_budget"]); err == nil && t.fields[1] > 0 && budget > t.fields[1] {
		x.find(Warning, "field_budget_differs", "custom_field_budget", "it is %d, %s allows %d", budget, strings.Join(t.plans, " or "), t.fields[1])
	}
	return nil
}

func told(n int) string {
	if n < 0 {
		return "(not told)"
	}
	return strconv.Itoa(n)
}

// fieldBudget counts the custom fields that there are and that are to be made.
func fieldBudget(_ context.Context, x *examination) error {
	missing := 0
	for _, f := range x.needs.fields {
		if !slices.ContainsFunc(x.account.custom(f.entity, f.name), func(have field) bool { return have.Type == f.kind }) {
			missing++
		}
	}
	if x.denied("can_add_custom_fields") && (missing > 0 || !x.needs.built) {
		x.find(Error, "cannot_add_fields", "can_add_custom_fields", "%s lacks can_add_custom_fields", x.Me.Email)
	}
	existing := 0
	for _, all := range x.account.fields {
		for _, f := range all {
			if f.Custom {
				existing++
			}
		}
	}
	t, ok := x.tier()
	if sum := existing + missing; ok && x.needs.built {
		x.over(int64(sum), int64(t.fields[0]), int64(t.fields[1]), "fields_over_plan", "custom fields",
			fmt.Sprintf("%d there and %d to be made", existing, missing))
	}
	return nil
}

// over compares with the least and the most that plans of one burst limit
// allow: between them it depends on which of them it is.
func (x *examination) over(sum, least, most int64, code, what, parts string) {
	switch {
	case most > 0 && sum > most:
		x.find(Error, code, what, "%d (%s) are more than the %d of the plan", sum, parts, most)
	case sum > least:
		x.find(Warning, code, what, "%d (%s) are more than the %d of some plans that this account may have", sum, parts, least)
	}
}

// room is how many deals and leads together the plans of a tier allow.
func room(t tier, seats int64) (least, most int64) {
	if t.isSaid {
		n := min(t.perSeat[0]*seats, dealLimit)
		return n, n
	}
	least = min(t.perSeat[0]*seats, dealLimit)
	if t.perSeat[1] > 0 && t.older > 0 {
		most = max(min(t.perSeat[1]*seats, dealLimit), t.older)
	}
	return least, most
}

// dealCap counts deals and leads. What is there already is known of deals only,
// and only after scope.
func dealCap(ctx context.Context, x *examination) error {
	t, ok := x.tier()
	if unlimited := t.isSaid && t.perSeat[0] == 0; !ok || unlimited || !x.needs.built {
		return nil
	}
	campaigns, err := x.number(ctx, "SELECT count(*) FROM final_deal WHERE final_key LIKE 'campaign:%'")
	if err != nil {
		return err
	}
	there, err := x.number(ctx, `SELECT count(*) FROM dest_record WHERE target_id = ?1 AND entity = 'deal' AND coalesce(data ->> '$.is_archived', 0) = 0`, x.ID)
	if err != nil {
		return err
	}
	ours, err := x.number(ctx, "SELECT count(*) FROM link WHERE target_id = ? AND entity IN ('deal', 'lead') AND state = 'live' AND origin = 'created'", x.ID)
	if err != nil {
		return err
	}
	deals, leads := x.needs.open["deal"], x.needs.open["lead"]
	seats := max(x.account.activeUsers(), int64(x.Meter.Limits().Daily)/(seatTokens*t.multiplier))
	if x.seats > 0 {
		seats = x.seats
	}
	least, most := room(t, seats)
	x.over(there+ours+deals+leads, least, most, "deals_over_cap", "deals and leads", fmt.Sprintf(
		"%d deals there as scope saw them, %d of ours, %d deals (%d campaigns) and %d leads to be made, %d seats", there, ours, deals, campaigns, leads, seats))
	return nil
}

// visibility holds the settings against what the plan knows.
func visibility(ctx context.Context, x *examination) error {
	t, ok := x.tier()
	if !ok || t.groups {
		return nil
	}
	n, err := x.number(ctx, "SELECT count(*) FROM map_visibility WHERE visible_to IN (5, 7)")
	if err == nil && n > 0 {
		x.find(Error, "visibility_not_in_plan", "visible_to", "%s knows no visibility 5 or 7, which %d kinds of records would be given", strings.Join(t.plans, " or "), n)
	}
	return err
}
