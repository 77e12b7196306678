package pipedrive

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
)

// Me is the user the token belongs to, and the company.
type Me struct {
	CompanyID     string
	CompanyName   string
	CompanyDomain string // acme of acme.pipedrive.com
	UserID        string
	Name          string
	Email         string
	Active        bool
	// AdminOf lists the parts of Pipedrive the user administers: global, sales,
	// account_settings …
	AdminOf []string
	// Timezone is an IANA name; dates of day-only fields are in it.
	Timezone string
	Currency string
	// SandboxRole is what a local stand-in calls itself in X-Sandbox-Role. It is
	// read from loopback addresses only: a real account has no say in this.
	SandboxRole string
}

// Admin tells whether the user may change the account's settings: pipelines,
// stages, activity types.
func (m Me) Admin() bool {
	return slices.Contains(m.AdminOf, "account_settings") || slices.Contains(m.AdminOf, "global")
}

// Me asks who the first token belongs to (2 tokens).
func (c *Client) Me(ctx context.Context) (Me, error) { return c.UserOf(ctx, firstToken) }

// UserOf asks who the n-th token belongs to (2 tokens).
func (c *Client) UserOf(ctx context.Context, n int) (Me, error) {
	call, err := me.call(Get, "")
	if err != nil {
		return Me{}, err
	}
	var out Me
	err = c.do(ctx, request{call: call, token: n}, func(env envelope) (err error) {
		out, err = readMe(env.Data)
		if isLoopback(c.base.Hostname()) {
			out.SandboxRole = c.clean(env.header.Get("X-Sandbox-Role"))
		}
		return err
	})
	if err != nil {
		return Me{}, err
	}
	return out, nil
}

func readMe(data json.RawMessage) (Me, error) {
	var u struct {
		ID            json.RawMessage `json:"id"`
		Name          string          `json:"name"`
		Email         string          `json:"email"`
		Active        bool            `json:"active_flag"`
		Timezone      string          `json:"timezone_name"`
		Currency      string          `json:"default_currency"`
		CompanyID     json.RawMessage `json:"company_id"`
		CompanyName   string          `json:"company_name"`
		CompanyDomain string          `json:"company_domain"`
		Access        []struct {
			App   string `json:"app"`
			Admin bool   `json:"admin"`
		} `json:"access"`
	}
	if err := json.Unmarshal(data, &u); err != nil {
		return Me{}, err
	}
	userID, userErr := idText(u.ID)
	companyID, companyErr := idText(u.CompanyID)
	if err := errors.Join(userErr, companyErr); err != nil {
		return Me{}, err
	}
	m := Me{CompanyID: companyID, CompanyName: u.CompanyName, CompanyDomain: u.CompanyDomain,
		UserID: userID, Name: u.Name, Email: u.Email, Active: u.Active,
		Timezone: u.Timezone, Currency: u.Currency}
	for _, a := range u.Access {
		if a.Admin {
			m.AdminOf = append(m.AdminOf, a.App)
		}
	}
	return m, nil
}

// Permissions tells what a user may do, by Pipedrive's own words
// (can_add_custom_fields …), over all his permission sets (10 tokens). What the
// account does not speak of is not in the answer.
func (c *Client) Permissions(ctx context.Context, userID string) (map[string]bool, error) {
	call, err := permissions.call(Get, userID+"/")
	if err != nil {
		return nil, err
	}
	var words map[string]json.RawMessage
	err = c.do(ctx, request{call: call}, func(env envelope) error { return json.Unmarshal(env.Data, &words) })
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for name, word := range words {
		switch string(word) { // v1 says flags as numbers in places
		case "true", "1":
			out[name] = true
		case "false", "0":
			out[name] = false
		}
	}
	return out, nil
}
