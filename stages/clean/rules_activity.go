package clean

// activityRules are the findings on activities, notes, tasks and mails.
var activityRules = []Rule{
	{"activity_without_type", "info", "The activity has no type; it counts as something to do.", "Decide what becomes of activities without a type in map_activity_type."},
	{"activity_type_new", "info", "The activity has a type that NextCRM does not know; it becomes a type of its own in Pipedrive.",
		"Decide its type_name in map_activity_type if one of the account's types will do."},
	{"activity_duration_unreadable", "info", "The duration could not be read; it stands in the footer as it is written.", "Correct the duration with fix_value."},
	{"activity_about_nothing", "warning", "The activity or note names a record that does not live in the source; its footer tells of it, and when it has no other record its whole text stands in activities_without_parent.csv.",
		"Correct the id or address with fix_value, or leave it."},
	{"empty_note", "info", "The note has neither title nor text; it is not migrated.", "Nothing to do."},
}
