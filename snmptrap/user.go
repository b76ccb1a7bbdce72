package snmptrap

// userRoom is what SNMPv3 puts around a notification.
const userRoom = 200

// A User is that of SNMPv3.
type User struct{}
