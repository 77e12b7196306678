package rollback

import "encoding/json"

// isArchived tells that somebody has put a record away. We never do, so it
// stays: the API takes no change of such a deal, not even its removal.
func isArchived(data []byte) (bool, error) {
	var r struct {
		Archived any `json:"is_archived"`  // v1 may say 1
		Time     any `json:"archive_time"` // projects have nothing else
	}
	err := json.Unmarshal(data, &r)
	return r.Archived == true || r.Archived == 1.0 || r.Time != nil, err
}
