package pipedrive

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Verb is what is done to a resource.
type Verb int

// The verbs. AddOptions and DeleteOptions exist for fields only.
const (
	List Verb = iota
	Get
	Create
	Update
	Delete
	AddOptions
	DeleteOptions
)

var verbNames = [...]string{"list", "get", "create", "update", "delete", "add options", "delete options"}

// String returns the verb in lower case, "add options".
func (v Verb) String() string { return verbNames[v] }

// Paging is how a list is cut into pages.
type Paging int

// The ways Pipedrive pages: v2 hands out opaque cursors, v1 counts rows from
// start, and a few v1 lists come whole and accept no paging parameter.
const (
	Cursor Paging = iota
	Offset
	Whole
)

// Costs are prices in tokens per request, whatever the number of rows; 0 means
// that there is no such endpoint, or that nextpipe must not use it.
type Costs struct {
	List, Get, Create, Update, Delete, AddOptions, DeleteOptions int
}

// Resource is one kind of record and how its endpoints differ from the others'.
type Resource struct {
	Entity   string
	Version  int    // 1 or 2
	Path     string // under /api/v1 or /api/v2
	Update   string // PATCH or PUT; empty when it has no update
	Paging   Paging
	PageSize int    // rows a page may have at most
	IDKey    string // property that names the record in answers
	Costs    Costs
}

var (
	usual  = Costs{List: 10, Get: 1, Create: 5, Update: 5, Delete: 3}
	frame  = Costs{List: 5, Get: 1, Create: 5, Update: 5, Delete: 3}
	fields = Costs{List: 10, Get: 1, Create: 5, Update: 5, Delete: 3, AddOptions: 5, DeleteOptions: 3}
)

// resources is the only place that knows endpoints and prices (x-token-cost of
// Pipedrive's OpenAPI documents). A new entity is a new row.
//
// Users are read only: creating one invites a person and takes a paid seat.
var resources = []Resource{
	{"organization", 2, "organizations", "PATCH", Cursor, 500, "id", usual},
	{"person", 2, "persons", "PATCH", Cursor, 500, "id", usual},
	{"deal", 2, "deals", "PATCH", Cursor, 500, "id", usual},
	{"pipeline", 2, "pipelines", "PATCH", Cursor, 500, "id", frame},
	{"stage", 2, "stages", "PATCH", Cursor, 500, "id", frame},
	{"organization_field", 2, "organizationFields", "PATCH", Cursor, 500, "field_code", fields},
	{"person_field", 2, "personFields", "PATCH", Cursor, 500, "field_code", fields},
	{"deal_field", 2, "dealFields", "PATCH", Cursor, 500, "field_code", fields},
	{"user", 1, "users", "", Whole, 0, "id", Costs{List: 20, Get: 2}},
	{"currency", 1, "currencies", "", Whole, 0, "id", Costs{List: 20}},
}

// me is not a collection, so it is not in the table.
var me = Resource{"me", 1, "users/me", "", Whole, 0, "id", Costs{Get: 2}}

// Resources returns every kind of record the client knows.
func Resources() []Resource { return slices.Clone(resources) }

// Cost is the documented price in tokens of one request; 0 when the entity or
// the verb is not known here. Entity "me" is the token's own user.
func Cost(entity string, verb Verb) int {
	if entity == me.Entity {
		return me.cost(verb)
	}
	r, err := resourceOf(entity)
	if err != nil {
		return 0
	}
	return r.cost(verb)
}

func resourceOf(entity string) (Resource, error) {
	i := slices.IndexFunc(resources, func(r Resource) bool { return r.Entity == entity })
	if i < 0 {
		return Resource{}, fmt.Errorf("pipedrive entity %q is not known", entity)
	}
	return resources[i], nil
}

func (r Resource) cost(v Verb) int {
	c := r.Costs
	return [...]int{c.List, c.Get, c.Create, c.Update, c.Delete, c.AddOptions, c.DeleteOptions}[v]
}

func (r Resource) method(v Verb) string {
	methods := [...]string{http.MethodGet, http.MethodGet, http.MethodPost, r.Update,
		http.MethodDelete, http.MethodPost, http.MethodDelete}
	return methods[v]
}

func (r Resource) template(v Verb) string {
	root := fmt.Sprintf("/api/v%d/%s", r.Version, r.Path)
	switch {
	case v == List, v == Create, r.Entity == me.Entity:
		return root
	case v == AddOptions, v == DeleteOptions:
		return root + "/{id}/options"
	}
	return root + "/{id}"
}

// plainID matches integers, UUIDs and field codes. Anything else, above all the
// empty string, could turn a path into another endpoint.
var plainID = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// call fills in the part of a Call that is known before sending.
func (r Resource) call(v Verb, id string) (Call, error) {
	if r.cost(v) == 0 {
		return Call{}, fmt.Errorf("pipedrive %s: %s is not offered", r.Entity, v)
	}
	template := r.template(v)
	if strings.Contains(template, "{id}") && !plainID.MatchString(id) {
		return Call{}, fmt.Errorf("pipedrive %s: %s: %q is not an id", r.Entity, v, id)
	}
	return Call{
		Entity:   r.Entity,
		Verb:     v,
		Method:   r.method(v),
		Template: template,
		Path:     strings.ReplaceAll(template, "{id}", id),
		Cost:     r.cost(v),
		Limits:   unseen,
	}, nil
}
