package doctor

import (
	"context"
	"slices"
	"strings"
)

// right is a permission of Pipedrive's list, the finding without it, and a
// query for how much of the migration needs it; "" when there is always need.
type right struct{ permission, code, severity, needed string }

// rightsNeeded are the permissions without which something fails midway
// (GET /v1/users/{id}/permissions). Those to add and change fields and labels
// depend on what is missing, see fieldBudget, options and labels.
var rightsNeeded = []right{
	{"can_use_api", "cannot_use_api", Error, ""},
	{"can_see_other_users", "cannot_see_users", Error, ""},
	{"can_add_products", "cannot_add_products", Error, "SELECT count(*) FROM final_product"},
	{"can_add_prospects_as_leads", "cannot_add_leads", Error, "SELECT count(*) FROM final_lead"},
	{"can_edit_deals_closed_date", "cannot_set_closed_date", Error, "SELECT count(*) FROM final_deal WHERE status <> 'open'"},
	{"can_change_visibility_of_items", "cannot_set_visibility", Error, "SELECT count(*) FROM map_visibility WHERE visible_to IS NOT NULL"},
	{"can_follow_other_users", "cannot_follow_others", Error, "SELECT count(*) FROM final_follower"},
	{"can_share_filters", "cannot_share_filters", Warning, "SELECT count(*) FROM final_filter"},
	{"can_edit_products", "cannot_take_back", Warning, "SELECT count(*) FROM final_product"},
	{"can_delete_deals", "cannot_take_back", Warning, ""},
	{"can_delete_activities", "cannot_take_back", Warning, ""},
	{"can_delete_custom_fields", "cannot_take_back", Warning, ""},
}

// rights looks at what the token's user is and may do. Who does not see
// everything makes duplicates, so being blind is always an error.
func rights(ctx context.Context, x *examination) error {
	if !x.needs.built {
		x.find(Info, "not_compared", "finals", "fields, options, labels, owners, currencies, files, features and caps were not held against the finals: nothing is built yet")
	}
	if !x.isAdminOf("sales") {
		x.find(Error, "sees_not_everything", x.Me.Email, "%s is admin of %s", x.Me.Email, orNothing(x.Me.AdminOf))
	}
	if !x.isAdminOf("account_settings") {
		x.find(Error, "not_account_admin", x.Me.Email, "%s is admin of %s", x.Me.Email, orNothing(x.Me.AdminOf))
	}
	if refused, isOff := x.account.off["permissions"]; isOff {
		x.find(Warning, "permissions_unread", x.Me.Email, "the account answers: %s", refused)
		return nil
	}
	for _, r := range rightsNeeded {
		if err := x.right(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// crew compares the users of further tokens with the first: what he may do and
// they may not would end a run midway. That they are admins of the same parts,
// and so see the same, is a condition for connecting at all.
func crew(_ context.Context, x *examination) error {
	for i, may := range x.account.others {
		who := x.Others[i].Email
		x.find(Info, "token_shares_work", who, "%s shares the work of %s", who, x.Me.Email)
		for _, r := range rightsNeeded {
			if has, said := may[r.permission]; said && !has && !x.denied(r.permission) {
				x.find(Error, "token_lacks_right", who+" "+r.permission, "%s lacks %s, which %s has", who, r.permission, x.Me.Email)
			}
		}
	}
	return nil
}

func (x *examination) right(ctx context.Context, r right) error {
	may, said := x.account.may[r.permission]
	if !said {
		x.find(Info, "permission_unknown", r.permission, "the account does not say whether %s has %s", x.Me.Email, r.permission)
		return nil
	}
	if may {
		return nil
	}
	if r.needed == "" {
		x.find(r.severity, r.code, r.permission, "%s lacks %s", x.Me.Email, r.permission)
		return nil
	}
	n, err := x.number(ctx, r.needed)
	switch {
	case err != nil:
		return err
	case r.severity == Error:
		x.must(n, r.code, r.permission, "%s lacks %s", x.Me.Email, r.permission)
	case n > 0 || !x.needs.built:
		x.find(r.severity, r.code, r.permission, "%s lacks %s", x.Me.Email, r.permission)
	}
	return nil
}

// denied tells that the account says no; silence is no denial.
func (x *examination) denied(permission string) bool {
	may, said := x.account.may[permission]
	return said && !may
}

func (x *examination) isAdminOf(app string) bool {
	return slices.Contains(x.Me.AdminOf, app) || slices.Contains(x.Me.AdminOf, "global")
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
