// Package robot is what the packages for group robots share: what is wrong with
// a message before it is sent, what the vendor's answer means, and the rate
// budget of all robots with one address.
package robot
