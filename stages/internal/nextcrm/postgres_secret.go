package nextcrm

import (
	"slices"
	"strings"
	"unicode"
)

// Secrets are never selected. Those NextCRM itself has are left out by name in
// database.tsv; this file finds those that a fork added or renamed, by the words
// of the name. A wrong guess costs a column and is said in a note; a missed one
// would put a password into a file that goes to auditors.

// secretWords give a name away as a word of its own. "pin" is not among them: a
// pin code is a postal code in India.
var secretWords = []string{"pwd", "pw", "pass", "otp", "totp", "mfa", "salt", "cvv", "cvc", "jwt", "bearer"}

// secretEndings give a name away at the end of a word: "accesstoken" too, but not "secretary".
var secretEndings = []string{"password", "passwords", "passwd", "passwort", "passphrase", "passcode", "secret", "secrets",
	"token", "tokens", "apikey", "apikeys", "privatekey", "credential", "credentials", "encrypted", "ciphertext"}

// keyQualifiers make the word "key" after them a secret: an object key in a
// file store is none.
var keyQualifiers = []string{"api", "private", "access", "secret", "signing", "encryption", "service", "auth", "webhook", "license", "ssh"}

// isSecretName tells by its name whether a column or setting holds a secret.
func isSecretName(name string) bool {
	words := nameWords(name)
	for i, w := range words {
		if slices.Contains(secretWords, w) || hasAnySuffix(w, secretEndings) || strings.HasPrefix(w, "password") {
			return true
		}
		isKey := w == "key" || w == "keys"
		if isKey && i > 0 && slices.Contains(keyQualifiers, words[i-1]) {
			return true
		}
	}
	return false
}

func hasAnySuffix(word string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(word, e) })
}

// nameWords splits an identifier at underscores, signs and the humps of camel
// case, in lower case: "refreshTokenURL_2" is refresh, token, url, 2.
func nameWords(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case i > 0 && unicode.IsUpper(r) && startsHump(runes, i):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return words
}

// startsHump tells whether the capital at i begins a word: after a small letter
// ("apiKey") or as the last of a run of capitals ("URLPath").
func startsHump(runes []rune, i int) bool {
	if !unicode.IsUpper(runes[i-1]) {
		return true
	}
	return i+1 < len(runes) && unicode.IsLower(runes[i+1])
}

// humanize makes a label of an identifier: "date_of_loss" is "Date of loss".
func humanize(name string) string {
	label := []rune(strings.Join(nameWords(name), " "))
	if len(label) == 0 {
		return name
	}
	label[0] = unicode.ToUpper(label[0])
	return string(label)
}
