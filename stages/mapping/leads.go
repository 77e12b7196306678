package mapping

import "nextpipe/stages/internal/mapped"

// leadStatus is the one field of leads whose values become labels.
var leadStatus = mapped.LeadField("status")

// leads inherit the fields of deals, so their own columns are rows of the
// object deal, measured on clean_lead. What the map gives no field stands in a
// note beside the lead; times and the description share the fields of deals.
var leads = object{
	name: "deal", entity: "deal", view: "clean_lead",
	rules: []rule{
		{leadStatus, "native", "label_ids", "Lead status", "", "statuses become labels of leads, see map_option"},
		{mapped.LeadField("source"), "custom", "lead_source", "Lead source", "enum", "Pipedrive's own source of a lead says API"},
		{mapped.LeadField("type"), "custom", "lead_type", "Lead type", "enum", ""},
		{mapped.LeadField("campaign"), "custom", "lead_campaign", "Lead campaign", "", ""},
		{mapped.LeadField("referred_by"), "custom", "lead_referred_by", "Lead referred by", "", ""},
	},
}

// has tells that a row of map_field is about a field of the object.
func (o object) has(f Field) bool {
	return f.Object == o.name && mapped.IsLead(f.SourceField) == (o.view == leads.view)
}

// leadSettings are how leads and targets as a whole behave.
func leadSettings() []Setting {
	return []Setting{{"marketing_status", text("field"), "a field works in every account", nil,
		"where consent goes: field, or native as well in accounts with the Campaigns add-on; native is set when a person is created"}}
}
