package nextcrm

import "strings"

// Object is one kind of source record and the staging table it lands in.
type Object struct {
	// Name is the object's word; its staging table is "stg_" + Name.
	Name string
	// Columns are the known columns of that table in table order, without the
	// book-keeping ones (row_id, source_table, source_row, source_id, extra,
	// row_hash) that every staging table has.
	Columns []string
}

// Objects lists everything that is extracted, for both editions. It must agree
// with the staging tables in schema/; a test compares the two.
var Objects = []Object{
	{"user", cols(`name email login role status language created_at updated_at last_login_at`)},
	{"account", cols(`name status type industry_id industry description email phone fax website
		registration_number vat annual_revenue employees parent_name billing_street
		billing_street_2 billing_city billing_state billing_postal_code billing_country
		shipping_street shipping_city shipping_state shipping_postal_code shipping_country
		linkedin_url facebook_url twitter_url logo_url case_study_approved case_study_candidate
		tags owner_id owner_email owner_name created_at created_by updated_at updated_by
		deleted_at deleted_by`)},
	{"contact", cols(`email personal_email first_name last_name full_name prefix job_title phone phone_2
		mobile home_phone website description account_id legacy_account_id company company_list
		company_id address_1 address_2 city state postal_code country birthday gender rating
		photo_url timezone ip_address wordpress_user_id consent_status list_status
		contact_type_id contact_type is_active source lists tags notes linkedin_url facebook_url
		twitter_url skype instagram_url youtube_url tiktok_url owner_id owner_email created_at
		created_at_2 created_by updated_at updated_by last_activity_at last_activity_by
		confirmed_at deleted_at deleted_by`)},
	{"deal", cols(`title value currency expected_revenue snapshot_rate status probability pipeline stage
		stage_id type_id campaign_id account_id company contact_id contact_email owner_id
		owner_email expected_close_date won_at lost_at lost_reason next_step description tags
		delivery_deadline stage_entered_at approval_status approval_note approval_requested_at
		approved_at approved_by created_at created_at_2 created_by updated_at updated_by
		last_activity_at last_activity_by deleted_at deleted_by`)},
	{"deal_contact", cols(`deal_id contact_id`)},
	{"stage", cols(`pipeline name position probability stage_kind`)},
	{"deal_type", cols(`name position`)},
	{"industry", cols(`name`)},
	{"contact_type", cols(`name`)},
	{"tag", cols(`title slug description created_at updated_at`)},
	{"list", cols(`title slug description is_public created_at`)},
	{"contact_tag", cols(`contact_id email tag created_at`)},
	{"contact_list", cols(`contact_id email list status created_at`)},
	{"custom_field", cols(`object slug label type options field_group required`)},
	{"setting", cols(`key value`)},
	{"currency", cols(`code name symbol is_enabled is_default`)},
	{"deal_audit", cols(`deal_id action changes user_id created_at`)},
}

// Lookup finds an object by its word.
func Lookup(name string) (Object, bool) {
	for _, o := range Objects {
		if o.Name == name {
			return o, true
		}
	}
	return Object{}, false
}

func cols(words string) []string { return strings.Fields(words) }
