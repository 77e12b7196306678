package warehouse

import "syscall"

// fileSystem is the number of the file system that a folder is on.
func fileSystem(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Type), nil
}
