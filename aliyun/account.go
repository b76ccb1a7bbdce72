package aliyun

import "github.com/tocsin-go/tocsin/internal/inbound"

// Names of labels that filters ask for. A label is absent when the callback
// does not say it.
const (
	// LabelAccount is the name of the [Account] whose secret the caller knew.
	LabelAccount = inbound.LabelAccount
	// LabelUserID is the number of the cloud account, as the callback says it.
	LabelUserID = "userId"
	// LabelGroupID is the number of the application group.
	LabelGroupID = "groupId"
	// LabelRuleName is the name of the event rule.
	LabelRuleName = "ruleName"
	// LabelMetricName is the metric of a threshold alert.
	LabelMetricName = "metricName"
	// LabelStrategyName is the name of the subscription policy.
	LabelStrategyName = "strategyName"
)

// An Account is one of several cloud accounts that call the same [Handler],
// each with a secret of its own: Account{Name: "prod", Secret: "…"}. The name is
// one line of up to 48 bytes, and empty for that of [NewHandler]'s secret; the secret,
// which an Account does not print, is as for [NewHandler].
//
// To change a secret, give the old one and the new one with the same Name until the
// console has the new one: the log says "secret=2" for callbacks with the second.
// UserIDs bind a secret to the cloud accounts that it may speak for: a callback about
// another one is refused with 403, and a Warning tells of it.
//
// The name becomes the label [LabelAccount] of each of its alerts. It is part of
// Key and ID too: two accounts may have rules and instances of equal names, and
// older callbacks say nothing that tells them apart. A problem that begins
// under one name and ends under another is therefore not recognised as one.
type Account = inbound.Account
