package nextcrm

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Secrets in an export: in columns that plugins add, in settings, and in what
// automations need to call a service, in each way they are written down.
func TestExport_NeverReadsASecret(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"contacts.csv":      "id,email,first_name,password,API key,secret_word,Shoe size,cf_login_token\n1,a@x.example,Ana,CANARY1,CANARY2,CANARY3,41,CANARY3b\n",
		"companies.csv":     "id,name,ftp_passwd\n1,Alpha,CANARY4\n",
		"users.csv":         "ID,user_login,user_email,user_pass,session_tokens\n2,admin,o@x.example,CANARY5,CANARY6\n",
		"custom_fields.csv": "slug,label,type,object\nlogin_token,Login token,text,contact\n",
		"export.json":       `{"site_url":"https://x.example","timezone":"UTC","smtp":{"password":"CANARY7","host":"mail.x.example"},"api_key":"CANARY8"}`,
		"automations.json": `[{"id":1,"type":"funnels","title":"Hook", "trigger_name":"contact_created","sequences":[{"id":2,"action_name":"http_send_data","settings":{
			"remote_url":"https://bob:CANARY9@erp.example/in?api_key=CANARY10&list=7","api_secret" : "CANARY11","pin":[1,{"access_token":12345678901}],
			"header_data":[{"data_key":"X-Own","data_value":"CANARY12"}],"headers":{"Authorization":"Bearer CANARY13"},
			"body_data_values":[{"data_key":"client_secret","data_value":"CANARY14"},{"data_key":"list","data_value":"seven"}],
			"steps":"{\"auth_token\":\"CANARY15\",\"visible\":\"yes\"}"}}]}]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source, err := OpenExport(t.Context(), dir, ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var all strings.Builder
	for _, o := range Objects {
		for id, rec := range readObject(t, source, o.Name) {
			fmt.Fprintln(&all, o.Name, id, rec)
		}
	}
	fmt.Fprintln(&all, source.Items(), source.Notes(), source.Identity())
	text := all.String()
	if strings.Contains(text, "CANARY") || strings.Contains(text, "12345678901") {
		t.Errorf("a secret was read:\n%s", text)
	}
	for _, want := range []string{"Shoe size", "mail.x.example", "https://erp.example/in?list=7", "X-Own", "client_secret", "seven", `\"visible\":\"yes\"`,
		"secret-column", "API key", "session_tokens", "secret-setting"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is lost with the secrets:\n%s", want, text)
		}
	}
}

func TestHideSecrets_LeavesOtherTextAsItIs(t *testing.T) {
	for _, text := range []string{`{ "a" : [1.50,  "https://x.example/?list=7&b=%2F", null, true ], "é":"ü<" }`, `"x"`, `[]`, `{"key":"name","value":"shown"}`} {
		if got := string(hideSecrets([]byte(text))); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}
