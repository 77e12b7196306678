package doctor

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// feature is a product of Pipedrive that an account has or has not: the list it
// refuses without it, and the kinds of records that need it.
type feature struct {
	list, code string
	kinds      []string
}

var switches = []feature{
	{"product_field", "products_off", []string{"product", "deal_product"}},
	{"product", "products_off", []string{"product", "deal_product"}},
	{"lead_label", "leads_off", []string{"lead"}},
	{"board", "projects_off", []string{"project", "project_task"}},
}

// features compares what is switched on with what the finals need.
func features(ctx context.Context, x *examination) error {
	done := map[string]bool{}
	for _, s := range switches {
		words, isOff := x.account.off[s.list]
		if !isOff || done[s.code] {
			continue
		}
		done[s.code] = true
		need := int64(0)
		for _, k := range s.kinds {
			need += x.needs.open[k]
		}
		if need == 0 {
			x.find(Info, s.code, s.kinds[0], "the account answers: %s; nothing that is built needs it", words)
			continue
		}
		x.must(need, s.code, s.kinds[0], "the account answers: %s", words)
	}
	if err := x.campaigns(ctx); err != nil {
		return err
	}
	return x.contactSync(ctx)
}

func (x *examination) campaigns(ctx context.Context) error {
	words, isOff := x.account.off["marketing_status"]
	if !isOff {
		return nil
	}
	n, err := x.number(ctx, "SELECT count(*) FROM final_person WHERE payload ->> '$.marketing_status' IS NOT NULL")
	switch {
	case err != nil:
		return err
	case n > 0 || x.needs.settings["marketing_status"] == "native": // reading persons would be refused, too
		x.find(Error, "campaigns_off", "marketing_status", "the account answers: %s; %d persons have a marketing status", words, n)
	default:
		x.find(Info, "campaigns_off", "marketing_status", "the account answers: %s; nothing that is built needs it", words)
	}
	return nil
}

// syncedFields exist only where contact sync is set up; else they are absent
// from what the account answers.
var syncedFields = []string{"im", "postal_address", "notes", "birthday", "job_title"}

func (x *examination) contactSync(ctx context.Context) error {
	need, err := x.number(ctx, `SELECT count(*) FROM final_person WHERE payload ->> '$.im' IS NOT NULL OR payload ->> '$.postal_address' IS NOT NULL
		OR payload ->> '$.notes' IS NOT NULL OR payload ->> '$.birthday' IS NOT NULL OR payload ->> '$.job_title' IS NOT NULL`)
	if err != nil || need == 0 {
		return err
	}
	if len(x.account.newest["person"]) == 0 {
		x.find(Warning, "contact_sync_unknown", "persons", "%d persons need it: %s", need, strings.Join(syncedFields, ", "))
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(x.account.newest["person"][0].Data, &keys); err != nil {
		return err
	}
	if !slices.ContainsFunc(syncedFields, func(key string) bool { _, ok := keys[key]; return ok }) {
		x.find(Error, "contact_sync_off", "persons", "the account shows none of %s; %d persons need one", strings.Join(syncedFields, ", "), need)
	}
	return nil
}

// hooks lists the webhooks that imported records would set off.
func hooks(_ context.Context, x *examination) error {
	if refused, isOff := x.account.off["webhook"]; isOff {
		x.find(Warning, "webhooks_unread", "webhooks", "the account answers: %s", refused)
	}
	seen := map[string]bool{}
	for _, h := range x.account.hooks {
		if !h.isActive() || h.Object == "user" {
			continue
		}
		what := h.named() + " " + h.Action + "." + h.Object
		if seen[what] { // another one under the same name
			what += " " + h.host()
		}
		if !seen[what] {
			seen[what] = true
			x.find(Warning, WebhookFires, what, "it calls %s (%s): pause it", h.host(), h.Type)
		}
	}
	return nil
}

// named is the webhook's name; addresses in it may hold secrets like others do.
func (h hook) named() string {
	if strings.Contains(h.Name, "://") || h.Name == "" {
		return h.host()
	}
	return h.Name
}

func (h hook) host() string {
	u, err := url.Parse(h.URL)
	if err != nil || u.Hostname() == "" {
		return "an address that cannot be read"
	}
	return u.Hostname()
}

// unseen says what no look can find out.
func unseen(ctx context.Context, x *examination) error {
	x.find(Info, "automations_unseen", "automations", "neither automations nor the webhooks of others can be read by the API: pause them by hand before load")
	x.find(Info, "limits_unseen", "limits", "filters, activity types, relationships, notes and lines of a deal, emails of a person and the size of files have limits that are told only when they are reached")
	met, err := x.words(ctx, `SELECT DISTINCT entity FROM load_op WHERE target_id = ?
		AND (error_code = 'capped' OR error_code LIKE 'feature_capping%' OR message LIKE '%reached the % limit%') ORDER BY 1`, x.ID)
	for _, entity := range met {
		x.find(Warning, "cap_met", entity, "an earlier run was told that the account has no room for more")
	}
	return err
}
