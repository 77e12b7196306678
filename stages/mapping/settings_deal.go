package mapping

// dealSettings propose how products and lines of deals are moved.
func dealSettings() []Setting {
	return []Setting{
		{"deal_value_policy", text("value wins"), "a deal's value stays what users saw", nil,
			"deals with lines, whose value Pipedrive makes the sum of them: lines win, value wins (an adjustment makes up the difference) or documented (no lines; a note lists them); by deal in map_deal_value"},
		{"closed_products", text("not linkable"), "nobody sells what is archived or a draft", nil,
			"archived and draft products: not linkable (their lines go to a product for all such lines) or linkable (lines keep their product)"},
	}
}
