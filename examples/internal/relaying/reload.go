package relaying

// reload reads the settings again and takes over who may call: secrets, ranges and
// the admin token. If anything is wrong all stays as it was. Destinations and the
// database belong to the outbox, which would have to stop for them.
func (r *relay) reload() {
	c, err := r.config.reread()
	if err == nil {
		if c.secrets.Made {
			c.secrets = r.config.secrets
		}
		err = r.open(c)
	}
	if err != nil {
		r.log.Error("hang-up: the settings were not read again, and those before stay in use", "error", err)
		return
	}
	r.log.Info("hang-up: callback secrets, -allow-cidr, -trusted-proxy and the admin token were read again; all else needs a restart")
}
