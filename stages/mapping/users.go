package mapping

import (
	"fmt"
	"strings"
)

// owner is a source e-mail with what is known about it.
type owner struct {
	email, name string
	isUser      bool
	isActive    bool
	records     int64
}

// users proposes a Pipedrive user for every source user and every e-mail that
// owns records.
func (m *builder) users() error {
	owners, err := m.owners()
	if err != nil {
		return err
	}
	accounts, err := m.destUsers()
	if err != nil {
		return err
	}
	rows := make([]User, len(owners))
	for i, o := range owners {
		rows[i] = proposeUser(o, accounts)
	}
	m.userRows, err = finish(m, "map_user", rows, func(u *User) {
		if u.TargetEmail != nil {
			u.TargetEmail = text(strings.ToLower(strings.TrimSpace(*u.TargetEmail)))
		}
	})
	return err
}

func (m *builder) owners() ([]owner, error) {
	rows, err := m.tx.QueryContext(m.ctx, `WITH owned AS (
			SELECT owner_email AS email, count(*) AS n FROM golden_account GROUP BY 1 UNION ALL
			SELECT owner_email, count(*) FROM golden_contact GROUP BY 1 UNION ALL
			SELECT owner_email, count(*) FROM clean_deal GROUP BY 1 UNION ALL
			SELECT owner_email, count(*) FROM clean_lead GROUP BY 1 UNION ALL
			SELECT owner_email, count(*) FROM clean_activity WHERE set_aside IS NULL GROUP BY 1)
		SELECT e.email, coalesce(max(u.name), ''), count(u.user_key) > 0, coalesce(max(u.is_active), 0),
			coalesce((SELECT sum(n) FROM owned AS o WHERE o.email = e.email), 0)
		FROM (SELECT email FROM owned UNION SELECT email FROM clean_user) AS e
		LEFT JOIN clean_user AS u ON u.email = e.email
		WHERE e.email IS NOT NULL GROUP BY e.email ORDER BY e.email`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []owner
	for rows.Next() {
		var o owner
		if err := rows.Scan(&o.email, &o.name, &o.isUser, &o.isActive, &o.records); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// destUser is an active Pipedrive user that every known account has.
type destUser struct{ email, name string }

func (m *builder) destUsers() ([]destUser, error) {
	rows, err := m.tx.QueryContext(m.ctx, `SELECT lower(email), coalesce(max(name), '') FROM dest_user WHERE is_active = 1
		GROUP BY lower(email) HAVING count(DISTINCT target_id) = (SELECT count(DISTINCT target_id) FROM dest_user)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []destUser
	for rows.Next() {
		var u destUser
		if err := rows.Scan(&u.email, &u.name); err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, rows.Err()
}

// proposeUser matches by e-mail, then by a full name that only one user has.
// Accounts whose users are not known yet do not speak against an active user.
func proposeUser(o owner, accounts []destUser) User {
	u := User{MapKey: o.email, SourceName: text(o.name), Records: o.records}
	if o.isUser {
		active := int64(0)
		if o.isActive {
			active = 1
		}
		u.IsActive = &active
	}
	u.TargetEmail, u.Evidence, u.Confidence = matchUser(o, accounts)
	return u
}

func matchUser(o owner, accounts []destUser) (*string, string, float64) {
	var named []string
	for _, a := range accounts {
		if a.email == o.email {
			return &o.email, "the account has an active user with this e-mail", 1
		}
		if strings.Contains(strings.TrimSpace(o.name), " ") && strings.EqualFold(strings.TrimSpace(a.name), strings.TrimSpace(o.name)) {
			named = append(named, a.email)
		}
	}
	switch {
	case len(named) == 1:
		return &named[0], fmt.Sprintf("the account's only user named %s", o.name), 0.7
	case len(accounts) > 0:
		return nil, "no active user of the account has this e-mail or full name", 0.9
	case !o.isUser:
		return nil, "owns records but is no user of the source", 0.8
	case !o.isActive:
		return nil, "the user is not active in the source", 0.8
	}
	return &o.email, "active in the source; the account's users are not known yet", 0.6
}
