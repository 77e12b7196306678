package mapping

// recordSettings say what becomes of records that Pipedrive has no object for.
// Whatever they say, the CSV files of these records are always written.
func recordSettings() []Setting {
	return []Setting{
		{"contracts", text("documented"), "a signed contract as a won deal would count its revenue twice", nil,
			"what contracts become: documented, note (on their organization) or deal (in a pipeline of their own; signed ones are won)"},
		{"contracts_pipeline", text("Contracts"), "a name of its own keeps them out of the sales reports", nil, "pipeline for contracts that become deals"},
		{"subscriptions", text("documented"), "Pipedrive keeps recurring products on deals only", nil,
			"what the products that accounts subscribe to become: documented or note (on their organization)"},
		{"projects", text("documented"), "projects are an add-on of Pipedrive, or part of its larger plans", nil,
			"what project boards become: documented, or projects with tasks, which the account must have"},
		{"projects_board", text("NextCRM"), "a name of its own keeps them apart from the account's own projects", nil, "board that projects stand on; its phases are the sections of the boards"},
	}
}
