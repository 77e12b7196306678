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
	{"activity", cols(`type title description status date due_date due_time duration done outcome
		metadata contact_id contact_email company company_id deal_id owner_email created_at created_by
		updated_at updated_by deleted_at deleted_by`)},
	{"activity_link", cols(`activity_id object object_id`)},
	{"note", cols(`contact_id contact_email company company_id deal_id title description type
		owner_email created_at created_by updated_at`)},
	{"task", cols(`title description priority status due_at owner_id account_id deal_id tags likes
		created_at created_by updated_at updated_by`)},
	{"task_comment", cols(`description task_id board_task_id user_id created_at`)},
	{"email", cols(`mailbox_id user_id message_id imap_uid folder subject from_name from_email
		to_recipients cc_recipients bcc_recipients body_text body_html sent_at is_read is_deleted created_at
		updated_at`)},
	{"email_contact", cols(`email_id contact_id`)},
	{"email_account", cols(`email_id account_id`)},
	{"calendar_event", cols(`source external_id ical_uid connection_id activity_id start_at end_at
		attendee_emails status created_at updated_at`)},
	{"product", cols(`name description sku type status unit_price unit_cost currency tax_rate unit
		is_recurring billing_period category_id created_at created_by updated_at updated_by deleted_at
		deleted_by`)},
	{"product_category", cols(`name description position is_active created_at created_by updated_at
		updated_by`)},
	{"deal_line", cols(`deal_id product_id name sku description quantity unit_price discount_type
		discount_value line_total currency position created_at created_by updated_at updated_by`)},
	{"account_product", cols(`account_id product_id quantity custom_price currency snapshot_rate status
		start_at end_at renewal_at notes created_at created_by updated_at updated_by`)},
	{"lead", cols(`first_name last_name company job_title email phone description lead_source_id
		lead_source lead_status_id lead_status lead_type_id lead_type referred_by campaign owner_id
		account_id created_at created_by updated_at updated_by deleted_at deleted_by`)},
	{"lead_source", cols(`name`)},
	{"lead_status", cols(`name`)},
	{"lead_type", cols(`name`)},
	{"target", cols(`first_name last_name email personal_email company_email phone mobile company_phone
		company company_website personal_website job_title description industry employees city country
		linkedin_url facebook_url twitter_url instagram_url is_active tags notes do_not_email
		do_not_email_at converted_at converted_account_id converted_contact_id created_at created_by
		updated_at updated_by deleted_at deleted_by`)},
	{"target_contact", cols(`target_id contact_id name email job_title phone linkedin_url source
		enrich_status enriched_at created_at updated_at`)},
	{"target_list", cols(`title description is_active created_at created_by updated_at deleted_at
		deleted_by`)},
	{"target_list_member", cols(`target_id target_list_id`)},
	{"watcher", cols(`object object_id user_id`)},
	{"contract", cols(`title value currency snapshot_rate status type description account_id owner_id
		start_at end_at renewal_reminder_at customer_signed_at company_signed_at created_at created_by
		updated_at updated_by deleted_at deleted_by`)},
	{"contract_line", cols(`contract_id product_id name sku description quantity unit_price
		discount_type discount_value line_total currency position created_at created_by updated_at
		updated_by`)},
	{"document", cols(`title description file url object_key mime_type size content_hash object
		object_id type_id system_type status visibility tags favourite version parent_id connected_documents
		content_text summary thumbnail_url processing_status processing_error owner_id created_at
		created_at_2 created_by created_by_2 updated_at updated_at_2 deleted_at deleted_by`)},
	{"document_link", cols(`document_id object object_id`)},
	{"document_type", cols(`name`)},
	{"document_file", cols(`file path size sha256 state`)},
	{"campaign", cols(`title description status type email_subject email_pre_header template_id
		design_template body from_name reply_to scheduled_at sent_at recipients_count sent views opens
		unique_opens clicks unsubscribes bounces complaints revenue revenue_currency utm_campaign utm_medium
		utm_source utm_term utm_content lists tags segment created_at created_by updated_at deleted_at
		deleted_by`)},
	{"campaign_step", cols(`campaign_id position template_id subject delay_days send_to scheduled_at
		sent_at`)},
	{"campaign_template", cols(`title description status subject body json created_at created_by
		updated_at deleted_at deleted_by`)},
	{"campaign_list", cols(`campaign_id target_list_id`)},
	{"campaign_send", cols(`campaign_id step_id target_id email status message_id sent_at opened_at
		clicked_at unsubscribed_at error_message`)},
	{"segment", cols(`title status json`)},
	{"automation", cols(`title status json`)},
	{"sequence", cols(`title status json`)},
	{"invoice", cols(`number type status account_id company contact_email deal_id currency subtotal
		discount_total tax total paid_total balance_due issued_at taxable_at due_at paid_at base_currency
		fx_rate series_id number_overridden billing_snapshot bank_name bank_account iban swift
		variable_symbol public_notes internal_notes original_invoice_id pdf_key pdf_generated_at file_url
		items owner_id created_at created_by updated_at updated_by`)},
	{"invoice_line", cols(`invoice_id position product_id description quantity unit_price
		discount_percent tax_rate_id tax_rate line_subtotal line_tax line_total`)},
	{"invoice_payment", cols(`invoice_id paid_at amount method reference note created_at created_by`)},
	{"invoice_event", cols(`invoice_id user_id action details created_at`)},
	{"invoice_file", cols(`invoice_id title object_key mime_type size is_primary_pdf created_at
		created_by`)},
	{"invoice_series", cols(`name prefix_template reset_policy current_year counter is_default is_active
		created_at updated_at`)},
	{"invoice_state", cols(`name`)},
	{"tax_rate", cols(`name rate is_default is_active created_at updated_at`)},
	{"own_company", cols(`name address city state postal_code country vat tax_number registration_number
		email phone website bank_name bank_account iban swift currency base_currency default_series_id
		default_tax_rate_id default_due_days footer_text updated_at`)},
	{"exchange_rate", cols(`from_currency to_currency rate source effective_at created_at updated_at`)},
	{"board", cols(`title description owner_id visibility shared_with icon position favourite
		favourite_position created_at created_by updated_at updated_by deleted_at deleted_by`)},
	{"section", cols(`board_id title position`)},
	{"board_task", cols(`section_id title description priority status due_at position owner_id tags
		likes last_edited_at created_at created_by updated_at updated_by`)},
	{"report_config", cols(`title category filters is_shared created_at created_by updated_at`)},
	{"report_schedule", cols(`report_config_id cron recipients format is_active last_sent_at created_at
		created_by updated_at`)},
	{"funnel_setting", cols(`kill_after_days recycle_after_days cadence_touch1_business_days
		cadence_touch2_offset_days cadence_touch3_offset_days cadence_touch4_offset_days
		cadence_touch5_offset_days care_checkin_days care_referral_days care_quarter_interval_days
		care_quarter_count renewal_window_days updated_at updated_by`)},
	{"employee", cols(`name email salary status photo_url`)},
	{"todo", cols(`title description url user_id created_at`)},
	{"audit", cols(`object object_id action changes user_id created_at`)},
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
