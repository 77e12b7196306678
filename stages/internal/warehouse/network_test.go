package warehouse

import "testing"

// No test can mount a network: the numbers are those of linux/magic.h.
func TestShared_KnowsNetworkFileSystemsAndLeavesLocalOnesAlone(t *testing.T) {
	for number, name := range map[int64]string{0x6969: "NFS", 0xff534d42: "CIFS", 0x01021997: "9P", 0xef53: "", 0x58465342: "", 0x01021994: "", 0x9123683e: ""} {
		if shared[number] != name {
			t.Errorf("%#x is taken for %q, want %q", number, shared[number], name)
		}
	}
	if err := refuseShared(t.TempDir() + "/np.db"); err != nil {
		t.Errorf("a folder of this machine: %v", err)
	}
}
