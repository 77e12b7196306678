package automation

import "strings"

// triggerKinds and stepKinds are the names that the plugins give to triggers
// and steps. A new name is one more line; "*" stands for any rest.
var triggerKinds = []string{
	"contact_created: fluent_crm/contact_created jpcrm/contact_created contact_created",
	"contact_updated: fluent_crm/contact_updated jpcrm/contact_updated jpcrm/contact_email_updated contact_updated",
	"contact_deleted: jpcrm/contact_deleted jpcrm/contact_before_delete fluent_crm/contact_deleted",
	"status_changed: fluentcrm_subscriber_status_* jpcrm/contact_status_updated contact_status_updated optin_status_changed mailpoet:someone-unsubscribes",
	"field_changed: field_changed fluent_crm/contact_data_changed fluent_crm/contact_custom_data_updated",
	"tag_added: fluentcrm_contact_added_to_tags tag_applied mailpoet:tag-added jpcrm/contact_tag_added",
	"tag_removed: fluentcrm_contact_removed_from_tags tag_removed mailpoet:tag-removed jpcrm/contact_tag_removed",
	"list_added: fluentcrm_contact_added_to_lists mailpoet:someone-subscribes",
	"list_removed: fluentcrm_contact_removed_from_lists",
	"birthday: fluent_crm/contact_birthday",
	"date_field: date_timer field_timer mailpoet:anniversary fluent_crm/date_field*",
	"company_added: fluent_crm/company_applied jpcrm/company_created jpcrm/company_new",
	"company_removed: fluent_crm/company_removed jpcrm/company_delete*",
	"company_updated: jpcrm/company_updated jpcrm/company_status_updated",
	"quote_event: jpcrm/quote_*",
	"transaction_event: jpcrm/transaction_*",
	"invoice_event: jpcrm/invoice_*",
	"task_event: jpcrm/task_* jpcrm/event_* task_completed task_created",
	"cart_abandoned: woocommerce:abandoned-cart fc_ab_cart_* edd_abandoned_* *abandoned*cart*",
	"order_completed: woocommerce_order_status_completed woocommerce:order-completed edd_complete_purchase edd_update_payment_status woocommerce:order-status-changed",
	"order_event: woocommerce_* woocommerce:* edd_* wc_* fluent_cart*",
	"form_submitted: fluentform_submission_inserted form_fill web_form *form*submi* gravity* ninja_forms*",
	"course_event: learndash_* tutor_* lifterlms_* llms_* learnpress_* ld_* sensei_* learn-press*",
	"membership_event: pmpro_* rcp_* mepr* wishlist* wlm_* membership*",
	"user_registered: user_register mailpoet:wp-user-registered account_created",
	"user_login: user_login wp_login account_login login_status",
	"link_clicked: link_click *link_clicked mailpoet:clicked-email-link",
	"email_opened: email_opened *email_open*",
	"page_visited: page_visited page_view*",
	"webhook_received: webhook_listener *webhook_received* *incoming_webhook*",
	"sequence_finished: *sequence_completed *sequence_finished",
}

var stepKinds = []string{
	"send_email: send_custom_email send_campaign_email mailpoet:send-email send_email jpcrm/send_contact_email",
	"add_tag: add_contact_to_tag apply_tag mailpoet:add-tag jpcrm/add_contact_tag",
	"remove_tag: detach_contact_from_tag remove_tag mailpoet:remove-tag jpcrm/remove_contact_tag",
	"add_list: add_contact_to_list mailpoet:add-to-list",
	"remove_list: detach_contact_from_list mailpoet:remove-from-list",
	"update_field: update_contact_property edit_meta jpcrm/update_contact mailpoet:update-subscriber edit_contact",
	"change_status: jpcrm/update_contact_status change_subscriber_status mailpoet:unsubscribe apply_optin_status change_contact_status",
	"set_owner: apply_owner",
	"add_company: add_contact_to_company jpcrm/create_company",
	"remove_company: detach_contact_from_company",
	"create_contact: jpcrm/new_contact create_contact",
	"delete_contact: jpcrm/delete_contact delete_contact",
	"add_note: add_contact_activity apply_note jpcrm/add_contact_log jpcrm/add_note add_contact_note",
	"create_task: create_task jpcrm/create_task jpcrm/add_task",
	"notify: admin_notification mailpoet:notification-email",
	"webhook: http_send_data http_post jpcrm/http_request",
	"enroll_sequence: add_to_email_sequence",
	"cancel_sequence: remove_from_email_sequence",
	"exit_automation: remove_from_funnel cancel_sequence_emails cancel_events remove_from_flow",
	"end: end_this_funnel core:exit end_funnel exit_funnel",
	"wait: fluentcrm_wait_times core:delay delay_timer date_timer field_timer",
	"goal: fluencrm_benchmark_* fluentcrm_benchmark_*",
	"condition: funnel_condition core:if-else if_else fcrm_has_contact_tag fcrm_has_contact_list fcrm_check_user_prop jpcrm/condition/* jpcrm/*_condition jpcrm/*/condition/*",
	"split: funnel_ab_testing split_test weighted_distribution split_path",
	"wp_user: user_registration_action fcrm_change_user_role create_user *user_role* fcrm_*_user_*",
	"course: add_to_course* learndash_* tutor_* lifterlms_* llms_* learnpress_*",
	"shop: woocommerce_* woocommerce:* edd_* fcrm_create_wp_coupon *coupon* wc_*",
}

// kindOf finds the kind of a name; Unknown when no line has it. An exact name
// wins over a pattern, and an earlier line over a later one.
func kindOf(table []string, name string) string {
	pattern := Unknown
	for _, line := range table {
		kind, names, _ := strings.Cut(line, ": ")
		for _, n := range strings.Fields(names) {
			if n == name {
				return kind
			}
			if pattern == Unknown && strings.Contains(n, "*") && like(n, name) {
				pattern = kind
			}
		}
	}
	return pattern
}

// like matches a name against a pattern whose stars stand for any text.
func like(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = after
	}
	return strings.HasSuffix(name, parts[last])
}
