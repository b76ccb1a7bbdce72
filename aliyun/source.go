package aliyun

import "net/netip"

// SourceRanges returns the addresses from which CloudMonitor calls, as its
// documentation lists them: those of the China site (2021, 2025) and of the
// international site (2023). Both belong together, since an event about a
// region in China has come from an international address. The list has changed
// over the years; it adds to the secret and cannot replace it.
//
// Behind a balancer of Alibaba Cloud (SLB, CLB, ALB) or another proxy every
// request comes from there, so let [Options.ClientIP] read the header that it
// sets; docs/proxies.md says from which addresses to believe it.
func SourceRanges() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("106.11.225.0/24"),
		netip.MustParsePrefix("106.11.226.0/24"),
		netip.MustParsePrefix("106.11.227.0/24"),
		netip.MustParsePrefix("106.11.242.0/24"),
		netip.MustParsePrefix("106.11.167.0/24"), // was 106.11.167.96/27 in 2021
		netip.MustParsePrefix("106.11.245.0/24"),
		netip.MustParsePrefix("59.82.0.0/16"),     // includes 59.82.84.0/24
		netip.MustParsePrefix("203.119.128.0/17"), // includes 203.119.156.0/24
		netip.MustParsePrefix("121.41.9.246/32"),

		netip.MustParsePrefix("47.74.206.0/24"),  // printed as four /26
		netip.MustParsePrefix("8.222.159.64/26"), // newer pages print 8.222.159.116 alone, which it includes
	}
}
