package mapping

import "testing"

func TestTheNarrowestTypeThatHoldsEveryValueIsProposed(t *testing.T) {
	cases := []struct {
		name string
		p    profile
		want string
	}{
		{"numbers", profile{valueType: "number", count: 9, longest: 12}, "double"},
		{"numbers over 14 digits", profile{valueType: "number", count: 9, longest: 20}, "varchar"},
		{"numbers among which one is none", profile{valueType: "number", count: 9, longest: 5, misfits: 1}, "varchar"},
		{"money with a currency", profile{valueType: "money", count: 9, longest: 7, currency: "EUR"}, "monetary"},
		{"money without any currency", profile{valueType: "money", count: 9, longest: 7}, "varchar"},
		{"dates", profile{valueType: "date", count: 9, longest: 10}, "date"},
		{"dates among which one is none", profile{valueType: "date", count: 9, longest: 10, misfits: 2}, "varchar"},
		{"stamps", profile{valueType: "stamp", count: 9, longest: 20}, "date"},
		{"options", profile{valueType: "option", count: 9, longest: 20, distinct: 3}, "enum"},
		{"options longer than a label", profile{valueType: "option", count: 9, longest: 300, distinct: 3}, "text"},
		{"several options, long together", profile{valueType: "options", count: 9, longest: 300}, "set"},
		{"yes and no", profile{valueType: "boolean", count: 9, longest: 3}, "enum"},
		{"users", profile{valueType: "user", count: 9, longest: 30}, "varchar"},
		{"short text", profile{valueType: "text", count: 9, distinct: 9, longest: 255}, "varchar"},
		{"long text", profile{valueType: "text", count: 9, distinct: 9, longest: 256}, "text"},
		{"few texts that repeat", profile{valueType: "text", count: 90, distinct: 4, longest: 20}, "enum"},
		{"few texts declared as free", profile{valueType: "text", isFree: true, count: 90, distinct: 4, longest: 20}, "varchar"},
		{"few texts that do not repeat", profile{valueType: "text", count: 9, distinct: 4, longest: 20}, "varchar"},
		{"JSON", profile{valueType: "json", count: 9, longest: 20}, "text"},
		{"telephones", profile{valueType: "phone", count: 9, longest: 20}, "phone"},
		{"long web addresses", profile{valueType: "url", count: 9, longest: 400}, "text"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got, why, _ := inferType(tc.p); got != tc.want {
				t.Errorf("got %s (%s), want %s", got, why, tc.want)
			}
		})
	}
}

func TestOwnersAreMatchedByEmailThenByAFullNameThatIsUnique(t *testing.T) {
	accounts := []destUser{{"ana@new.example", "Ana Nová"}, {"bo@x.example", "Bo Li"}, {"bo2@x.example", "Bo Li"}, {"cy@x.example", "Cy"}}
	cases := []struct {
		name  string
		owner owner
		dest  []destUser
		want  string
	}{
		{"same e-mail", owner{email: "bo@x.example", isUser: true, isActive: true}, accounts, "bo@x.example"},
		{"same full name", owner{email: "ana@old.example", name: "Ana Nová", isUser: true, isActive: true}, accounts, "ana@new.example"},
		{"a name that two have", owner{email: "b@old.example", name: "Bo Li", isUser: true, isActive: true}, accounts, ""},
		{"a first name alone", owner{email: "c@old.example", name: "Cy", isUser: true, isActive: true}, accounts, ""},
		{"nobody", owner{email: "z@old.example", name: "Z Z", isUser: true, isActive: true}, accounts, ""},
		{"active, accounts unknown", owner{email: "z@old.example", isUser: true, isActive: true}, nil, "z@old.example"},
		{"inactive, accounts unknown", owner{email: "z@old.example", isUser: true}, nil, ""},
		{"no user at all", owner{email: "ghost@old.example"}, nil, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := proposeUser(tc.owner, tc.dest); value(got.TargetEmail) != tc.want {
				t.Errorf("got %q (%s), want %q", value(got.TargetEmail), got.Evidence, tc.want)
			}
		})
	}
}

func TestGuardedCellsComeBackAsTheyWere(t *testing.T) {
	for _, s := range []string{"", "plain", "=1+1", "'=1", "''@x", "-5", "'quoted'", "+49", "@ref", "\tx", "it's"} {
		if got := unguard(guard(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
		if g := guard(s); g != "" && g[0] != '\'' && isFormula(g) {
			t.Errorf("%q is a formula after guarding: %q", s, g)
		}
	}
}
