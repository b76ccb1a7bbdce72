package ocptest

// Validate says why an answer does not pass a validation.
func Validate(validation, stdout, stderr string) string {
	return (&Channel{Validation: validation}).validate(&Run{Stdout: stdout, Stderr: stderr})
}

// Environment returns the variables of an alarm.
func Environment(e Event) []string { return (&Channel{}).environment(&e) }
