-- +goose Up
-- The other objects of the company as the source has them: heaps of verbatim text, as in 00002.

CREATE TABLE stg_activity (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    type TEXT,
    title TEXT,
    description TEXT,
    status TEXT,
    date TEXT,
    due_date TEXT,
    due_time TEXT,
    duration TEXT,
    done TEXT,
    outcome TEXT,
    metadata TEXT,
    contact_id TEXT,
    contact_email TEXT,
    company TEXT,
    company_id TEXT,
    deal_id TEXT,
    owner_email TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_activity_link (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    activity_id TEXT,
    object TEXT,
    object_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_note (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    contact_id TEXT,
    contact_email TEXT,
    company TEXT,
    company_id TEXT,
    deal_id TEXT,
    title TEXT,
    description TEXT,
    type TEXT,
    owner_email TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_task (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    priority TEXT,
    status TEXT,
    due_at TEXT,
    owner_id TEXT,
    account_id TEXT,
    deal_id TEXT,
    tags TEXT,
    likes TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_task_comment (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    description TEXT,
    task_id TEXT,
    board_task_id TEXT,
    user_id TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_email (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    mailbox_id TEXT,
    user_id TEXT,
    message_id TEXT,
    imap_uid TEXT,
    folder TEXT,
    subject TEXT,
    from_name TEXT,
    from_email TEXT,
    to_recipients TEXT,
    cc_recipients TEXT,
    bcc_recipients TEXT,
    body_text TEXT,
    body_html TEXT,
    sent_at TEXT,
    is_read TEXT,
    is_deleted TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_email_contact (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    email_id TEXT,
    contact_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_email_account (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    email_id TEXT,
    account_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_calendar_event (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    source TEXT,
    external_id TEXT,
    ical_uid TEXT,
    connection_id TEXT,
    activity_id TEXT,
    start_at TEXT,
    end_at TEXT,
    attendee_emails TEXT,
    status TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_product (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    description TEXT,
    sku TEXT,
    type TEXT,
    status TEXT,
    unit_price TEXT,
    unit_cost TEXT,
    currency TEXT,
    tax_rate TEXT,
    unit TEXT,
    is_recurring TEXT,
    billing_period TEXT,
    category_id TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_product_category (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    description TEXT,
    position TEXT,
    is_active TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_deal_line (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    deal_id TEXT,
    product_id TEXT,
    name TEXT,
    sku TEXT,
    description TEXT,
    quantity TEXT,
    unit_price TEXT,
    discount_type TEXT,
    discount_value TEXT,
    line_total TEXT,
    currency TEXT,
    position TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_account_product (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    account_id TEXT,
    product_id TEXT,
    quantity TEXT,
    custom_price TEXT,
    currency TEXT,
    snapshot_rate TEXT,
    status TEXT,
    start_at TEXT,
    end_at TEXT,
    renewal_at TEXT,
    notes TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_lead (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    first_name TEXT,
    last_name TEXT,
    company TEXT,
    job_title TEXT,
    email TEXT,
    phone TEXT,
    description TEXT,
    lead_source_id TEXT,
    lead_source TEXT,
    lead_status_id TEXT,
    lead_status TEXT,
    lead_type_id TEXT,
    lead_type TEXT,
    referred_by TEXT,
    campaign TEXT,
    owner_id TEXT,
    account_id TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_lead_source (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_lead_status (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_lead_type (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_target (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    personal_email TEXT,
    company_email TEXT,
    phone TEXT,
    mobile TEXT,
    company_phone TEXT,
    company TEXT,
    company_website TEXT,
    personal_website TEXT,
    job_title TEXT,
    description TEXT,
    industry TEXT,
    employees TEXT,
    city TEXT,
    country TEXT,
    linkedin_url TEXT,
    facebook_url TEXT,
    twitter_url TEXT,
    instagram_url TEXT,
    is_active TEXT,
    tags TEXT,
    notes TEXT,
    do_not_email TEXT,
    do_not_email_at TEXT,
    converted_at TEXT,
    converted_account_id TEXT,
    converted_contact_id TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_target_contact (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    target_id TEXT,
    contact_id TEXT,
    name TEXT,
    email TEXT,
    job_title TEXT,
    phone TEXT,
    linkedin_url TEXT,
    source TEXT,
    enrich_status TEXT,
    enriched_at TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_target_list (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    is_active TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_target_list_member (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    target_id TEXT,
    target_list_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_watcher (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    object TEXT,
    object_id TEXT,
    user_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contract (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    value TEXT,
    currency TEXT,
    snapshot_rate TEXT,
    status TEXT,
    type TEXT,
    description TEXT,
    account_id TEXT,
    owner_id TEXT,
    start_at TEXT,
    end_at TEXT,
    renewal_reminder_at TEXT,
    customer_signed_at TEXT,
    company_signed_at TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contract_line (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    contract_id TEXT,
    product_id TEXT,
    name TEXT,
    sku TEXT,
    description TEXT,
    quantity TEXT,
    unit_price TEXT,
    discount_type TEXT,
    discount_value TEXT,
    line_total TEXT,
    currency TEXT,
    position TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_document (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    file TEXT,
    url TEXT,
    object_key TEXT,
    mime_type TEXT,
    size TEXT,
    content_hash TEXT,
    object TEXT,
    object_id TEXT,
    type_id TEXT,
    system_type TEXT,
    status TEXT,
    visibility TEXT,
    tags TEXT,
    favourite TEXT,
    version TEXT,
    parent_id TEXT,
    connected_documents TEXT,
    content_text TEXT,
    summary TEXT,
    thumbnail_url TEXT,
    processing_status TEXT,
    processing_error TEXT,
    owner_id TEXT,
    created_at TEXT,
    created_at_2 TEXT,
    created_by TEXT,
    created_by_2 TEXT,
    updated_at TEXT,
    updated_at_2 TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_document_link (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    document_id TEXT,
    object TEXT,
    object_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_document_type (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_document_file (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    file TEXT,
    path TEXT,
    size TEXT,
    sha256 TEXT,
    state TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_campaign (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    status TEXT,
    type TEXT,
    email_subject TEXT,
    email_pre_header TEXT,
    template_id TEXT,
    design_template TEXT,
    body TEXT,
    from_name TEXT,
    reply_to TEXT,
    scheduled_at TEXT,
    sent_at TEXT,
    recipients_count TEXT,
    sent TEXT,
    views TEXT,
    opens TEXT,
    unique_opens TEXT,
    clicks TEXT,
    unsubscribes TEXT,
    bounces TEXT,
    complaints TEXT,
    revenue TEXT,
    revenue_currency TEXT,
    utm_campaign TEXT,
    utm_medium TEXT,
    utm_source TEXT,
    utm_term TEXT,
    utm_content TEXT,
    lists TEXT,
    tags TEXT,
    segment TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_campaign_step (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    campaign_id TEXT,
    position TEXT,
    template_id TEXT,
    subject TEXT,
    delay_days TEXT,
    send_to TEXT,
    scheduled_at TEXT,
    sent_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_campaign_template (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    status TEXT,
    subject TEXT,
    body TEXT,
    json TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_campaign_list (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    campaign_id TEXT,
    target_list_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_campaign_send (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    campaign_id TEXT,
    step_id TEXT,
    target_id TEXT,
    email TEXT,
    status TEXT,
    message_id TEXT,
    sent_at TEXT,
    opened_at TEXT,
    clicked_at TEXT,
    unsubscribed_at TEXT,
    error_message TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_segment (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    status TEXT,
    json TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_automation (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    status TEXT,
    json TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_sequence (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    status TEXT,
    json TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    number TEXT,
    type TEXT,
    status TEXT,
    account_id TEXT,
    company TEXT,
    contact_email TEXT,
    deal_id TEXT,
    currency TEXT,
    subtotal TEXT,
    discount_total TEXT,
    tax TEXT,
    total TEXT,
    paid_total TEXT,
    balance_due TEXT,
    issued_at TEXT,
    taxable_at TEXT,
    due_at TEXT,
    paid_at TEXT,
    base_currency TEXT,
    fx_rate TEXT,
    series_id TEXT,
    number_overridden TEXT,
    billing_snapshot TEXT,
    bank_name TEXT,
    bank_account TEXT,
    iban TEXT,
    swift TEXT,
    variable_symbol TEXT,
    public_notes TEXT,
    internal_notes TEXT,
    original_invoice_id TEXT,
    pdf_key TEXT,
    pdf_generated_at TEXT,
    file_url TEXT,
    items TEXT,
    owner_id TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_line (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    invoice_id TEXT,
    position TEXT,
    product_id TEXT,
    description TEXT,
    quantity TEXT,
    unit_price TEXT,
    discount_percent TEXT,
    tax_rate_id TEXT,
    tax_rate TEXT,
    line_subtotal TEXT,
    line_tax TEXT,
    line_total TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_payment (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    invoice_id TEXT,
    paid_at TEXT,
    amount TEXT,
    method TEXT,
    reference TEXT,
    note TEXT,
    created_at TEXT,
    created_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_event (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    invoice_id TEXT,
    user_id TEXT,
    action TEXT,
    details TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_file (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    invoice_id TEXT,
    title TEXT,
    object_key TEXT,
    mime_type TEXT,
    size TEXT,
    is_primary_pdf TEXT,
    created_at TEXT,
    created_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_series (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    prefix_template TEXT,
    reset_policy TEXT,
    current_year TEXT,
    counter TEXT,
    is_default TEXT,
    is_active TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_invoice_state (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_tax_rate (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    rate TEXT,
    is_default TEXT,
    is_active TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_own_company (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    address TEXT,
    city TEXT,
    state TEXT,
    postal_code TEXT,
    country TEXT,
    vat TEXT,
    tax_number TEXT,
    registration_number TEXT,
    email TEXT,
    phone TEXT,
    website TEXT,
    bank_name TEXT,
    bank_account TEXT,
    iban TEXT,
    swift TEXT,
    currency TEXT,
    base_currency TEXT,
    default_series_id TEXT,
    default_tax_rate_id TEXT,
    default_due_days TEXT,
    footer_text TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_exchange_rate (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    from_currency TEXT,
    to_currency TEXT,
    rate TEXT,
    source TEXT,
    effective_at TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_board (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    owner_id TEXT,
    visibility TEXT,
    shared_with TEXT,
    icon TEXT,
    position TEXT,
    favourite TEXT,
    favourite_position TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_section (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    board_id TEXT,
    title TEXT,
    position TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_board_task (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    section_id TEXT,
    title TEXT,
    description TEXT,
    priority TEXT,
    status TEXT,
    due_at TEXT,
    position TEXT,
    owner_id TEXT,
    tags TEXT,
    likes TEXT,
    last_edited_at TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_report_config (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    category TEXT,
    filters TEXT,
    is_shared TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_report_schedule (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    report_config_id TEXT,
    cron TEXT,
    recipients TEXT,
    format TEXT,
    is_active TEXT,
    last_sent_at TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_funnel_setting (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    kill_after_days TEXT,
    recycle_after_days TEXT,
    cadence_touch1_business_days TEXT,
    cadence_touch2_offset_days TEXT,
    cadence_touch3_offset_days TEXT,
    cadence_touch4_offset_days TEXT,
    cadence_touch5_offset_days TEXT,
    care_checkin_days TEXT,
    care_referral_days TEXT,
    care_quarter_interval_days TEXT,
    care_quarter_count TEXT,
    renewal_window_days TEXT,
    updated_at TEXT,
    updated_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_employee (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    email TEXT,
    salary TEXT,
    status TEXT,
    photo_url TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_todo (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    description TEXT,
    url TEXT,
    user_id TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_audit (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    object TEXT,
    object_id TEXT,
    action TEXT,
    changes TEXT,
    user_id TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE stg_audit;
DROP TABLE stg_todo;
DROP TABLE stg_employee;
DROP TABLE stg_funnel_setting;
DROP TABLE stg_report_schedule;
DROP TABLE stg_report_config;
DROP TABLE stg_board_task;
DROP TABLE stg_section;
DROP TABLE stg_board;
DROP TABLE stg_exchange_rate;
DROP TABLE stg_own_company;
DROP TABLE stg_tax_rate;
DROP TABLE stg_invoice_state;
DROP TABLE stg_invoice_series;
DROP TABLE stg_invoice_file;
DROP TABLE stg_invoice_event;
DROP TABLE stg_invoice_payment;
DROP TABLE stg_invoice_line;
DROP TABLE stg_invoice;
DROP TABLE stg_sequence;
DROP TABLE stg_automation;
DROP TABLE stg_segment;
DROP TABLE stg_campaign_send;
DROP TABLE stg_campaign_list;
DROP TABLE stg_campaign_template;
DROP TABLE stg_campaign_step;
DROP TABLE stg_campaign;
DROP TABLE stg_document_file;
DROP TABLE stg_document_type;
DROP TABLE stg_document_link;
DROP TABLE stg_document;
DROP TABLE stg_contract_line;
DROP TABLE stg_contract;
DROP TABLE stg_watcher;
DROP TABLE stg_target_list_member;
DROP TABLE stg_target_list;
DROP TABLE stg_target_contact;
DROP TABLE stg_target;
DROP TABLE stg_lead_type;
DROP TABLE stg_lead_status;
DROP TABLE stg_lead_source;
DROP TABLE stg_lead;
DROP TABLE stg_account_product;
DROP TABLE stg_deal_line;
DROP TABLE stg_product_category;
DROP TABLE stg_product;
DROP TABLE stg_calendar_event;
DROP TABLE stg_email_account;
DROP TABLE stg_email_contact;
DROP TABLE stg_email;
DROP TABLE stg_task_comment;
DROP TABLE stg_task;
DROP TABLE stg_note;
DROP TABLE stg_activity_link;
DROP TABLE stg_activity;
