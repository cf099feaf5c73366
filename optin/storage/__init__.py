"""Whether anything can be stored: what databases and disks say when it can't, and finding out in time."""
