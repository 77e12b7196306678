package clean

// dealDetailRules are the findings on products, lines of deals and the companies
// that companies belong to.
var dealDetailRules = []Rule{
	{"line_currency_differs", "warning", "A line is in another currency than its deal. Pipedrive reads every line in the deal's currency, so it is sent at a price of 0 that does not count, with its figures in the comment.",
		"Correct currency of the line or of the deal with fix_value, or convert it there."},
	{"line_total_differs", "info", "The total that the source keeps for a line is not what its quantity, price and discount come to; the line is sent by them, with the source's total in the comment.",
		"Correct the line with fix_value if the total was right."},
	{"line_not_counted", "warning", "Pipedrive takes no line without a quantity or with a negative price; it is sent as a line that does not count, with its figures in the comment.",
		"Correct quantity or unit_price with fix_value, or leave it."},
	{"line_product_left_out", "info", "The product of a line does not move; the line goes to the product \"NextCRM line item\", with the product's name in the comment.",
		"Migrate deleted products too, or leave it."},
	{"line_without_deal", "warning", "A line belongs to a deal that does not exist in the source; it stands in deal_lines.csv.", "Nothing to do unless the deal should exist."},
	{"product_price_unreadable", "warning", "The price of a product is no amount, or negative; the product has none, and its description says it.", "Correct unit_price with fix_value."},
	{"parent_unknown", "info", "The company names a parent company that is none of the source's companies; the name is kept in a field.", "Correct parent_name with fix_value if the company is there under another name."},
	{"parent_ambiguous", "warning", "The company names a parent company, and several companies have that name; the name is kept in a field, nothing is linked.", "Put the parent's id into fix_value (field parent_name)."},
	{"parent_self", "info", "The company names itself as its parent; nothing is linked.", "Nothing to do."},
}
