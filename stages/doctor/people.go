package doctor

import (
	"context"
	"database/sql"

	"nextpipe/stages/internal/target"
)

// users looks for owners and followers who are no active users.
func users(ctx context.Context, x *examination) error {
	type person struct {
		email            string
		owns, hasDecided int64
		follows          int64
	}
	var all []person
	err := each(ctx, x.Session, func(r *sql.Rows) error {
		var p person
		err := r.Scan(&p.email, &p.owns, &p.follows, &p.hasDecided)
		all = append(all, p)
		return err
	}, `SELECT email, sum(owns), sum(follows), sum(decided) FROM (
			SELECT owner_email AS email, count(*) AS owns, 0 AS follows, 0 AS decided FROM final_organization GROUP BY 1
			UNION ALL SELECT owner_email, count(*), 0, 0 FROM final_person GROUP BY 1
			UNION ALL SELECT owner_email, count(*), 0, 0 FROM final_deal GROUP BY 1
			UNION ALL SELECT owner_email, count(*), 0, 0 FROM final_lead GROUP BY 1
			UNION ALL SELECT owner_email, count(*), 0, 0 FROM final_activity GROUP BY 1
			UNION ALL SELECT author_email, count(*), 0, 0 FROM final_note GROUP BY 1
			UNION ALL SELECT user_email, 0, count(*), 0 FROM final_follower GROUP BY 1
			UNION ALL SELECT target_email, 0, 0, count(*) FROM map_user WHERE decided_by IS NOT NULL GROUP BY 1)
		WHERE email IS NOT NULL GROUP BY lower(trim(email)) ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, p := range all {
		if x.account.hasUser(p.email) {
			continue
		}
		// Of a production account provision demands that a person's word fits.
		if p.hasDecided > 0 && x.Role == target.Production {
			x.find(Error, "decided_owner_unknown", p.email, "map_user names this address for %d people of NextCRM", p.hasDecided)
		} else if p.owns > 0 {
			x.find(Warning, "owner_without_user", p.email, "%d records or texts are of this user", p.owns)
		}
		if p.follows > 0 {
			x.find(Warning, "follower_without_user", p.email, "this user follows %d records", p.follows)
		}
	}
	return nil
}

// fallbackOwner looks for the user who gets what nobody else can own.
func fallbackOwner(_ context.Context, x *examination) error {
	email := x.needs.settings["owner_fallback"]
	if email != "" && email != "@token-user" && !x.account.hasUser(email) {
		x.find(Error, "fallback_owner_unknown", email, "map_setting owner_fallback names this address")
	}
	return nil
}
