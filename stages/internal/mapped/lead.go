package mapped

import "strings"

// leadPrefix marks source fields that are columns of clean_lead. Leads inherit
// the fields of deals, so the map names them among those of the object deal.
const leadPrefix = "lead:"

// LeadField is the source field of a column of clean_lead.
func LeadField(column string) string { return leadPrefix + column }

// IsLead tells that a source field is a lead's.
func IsLead(sourceField string) bool { return strings.HasPrefix(sourceField, leadPrefix) }
