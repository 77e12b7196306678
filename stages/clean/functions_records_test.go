package clean_test

import "testing"

func TestAmountsAreAddedAndComparedToTheLastDigit(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	for query, want := range map[string]string{
		`np_sum('["0.1","0.2",null]')`:                   "0.3",
		`np_sum('["90071992547409.93","0.01","-0.04"]')`: "90071992547409.90",
		`np_sum('["5"]')`:                                "5",
		`np_sum('[null]')`:                               "NULL",
		`np_sum('["1","one"]')`:                          "NULL",
		`np_sum('["1e3"]')`:                              "NULL",
		`np_sum(NULL)`:                                   "NULL",
		`np_same('12.5','12.500')`:                       "1",
		`np_same('0.30','0.3000001')`:                    "0",
		`np_same('1',NULL)`:                              "NULL",
		`np_product('2.5','0.1',2)`:                      "0.25",
		`np_product('1.005','1',2)`:                      "1.01",
		`np_product('-1.005','1',2)`:                     "-1.01",
		`np_product('242.00','25.12345678',2)`:           "6079.88",
		`np_product('1',NULL,2)`:                         "NULL",
		`np_invoice_type('CREDIT_NOTE')`:                 "credit_note",
		`np_invoice_type(' Pro-forma ')`:                 "proforma",
		`np_invoice_type('Gutschrift')`:                  "credit_note",
		`np_invoice_type('Dauer/Rechnung')`:              "dauer_rechnung",
		`np_invoice_type('Счёт')`:                        "other",
		`np_invoice_type('')`:                            "NULL",
	} {
		if got := show(value(t, db, "SELECT "+query)); got != want {
			t.Errorf("%s = %q, want %q", query, got, want)
		}
	}
}
