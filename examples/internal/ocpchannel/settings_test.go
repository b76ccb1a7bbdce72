package ocpchannel

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	testToken   = "dingtalk-token-hush"
	testSigning = "SEC-signing-hush"
)

// file writes a file that only its owner can read.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hush.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// getenv returns the variables of a list of NAME=value.
func getenv(list ...string) func(string) string {
	return func(name string) string {
		for _, entry := range list {
			if value, found := strings.CutPrefix(entry, name+"="); found {
				return value
			}
		}
		return ""
	}
}

func TestSettingsOrder(t *testing.T) {
	t.Parallel()
	conf := file(t, "# comment\n\n dingtalk-url = from-file \r\nwecom-url=key=with=equal\nbody = message\nlocale = en\ndingtalk-keyword = k\n")
	s, err := readSettings([]string{"-body", "card"},
		getenv("TOCSIN_BODY=message", "TOCSIN_LOCALE=ja", "TOCSIN_DINGTALK_URL=from-alarm", "TOCSIN_STATE=/s", "TOCSIN_REPEAT= ",
			"TOCSIN_DINGTALK_SECRET_FILE="+file(t, testSigning+"\n")), conf)
	require.NoError(t, err)
	for name, want := range map[string]string{
		dingtalkURL: "from-file", wecomURL: "key=with=equal", body: "card", locale: "en", dingtalkSecret: testSigning,
		dingtalkKeyword: "k", state: "/s", repeat: "",
	} {
		require.Equal(t, want, s.get(name).value, name)
	}
}

func TestSettingsRefused(t *testing.T) {
	t.Parallel()
	const robot = "TOCSIN_DINGTALK_URL=" + testToken
	tests := []struct {
		name, conf string
		env, args  []string
		says       string
	}{
		{"nothing", "", nil, nil, "no robot is set"},
		{"unknown flag", "", []string{robot}, []string{"-hush-flag"}, "an argument is no flag"},
		{"secret as a flag", "", nil, []string{"-dingtalk-url", testToken}, "an argument is no flag"},
		{"argument", "", []string{robot}, []string{"hush-argument"}, "an argument is no flag"},
		{"body", "", []string{robot, "TOCSIN_BODY=hush"}, nil, "TOCSIN_BODY: neither card nor message"},
		{"body of the file", "\nbody = hush\ndingtalk-url = " + testToken, nil, nil, "line 2 of the file of settings: neither card nor message"},
		{"locale", "", []string{robot}, []string{"-locale", "hush"}, "-locale: not zh, en or ja"},
		{"repeat", "", []string{robot, "TOCSIN_STATE=x"}, []string{"-repeat", "hush"}, "-repeat: not a time"},
		{"repeat of nothing", "", []string{robot}, []string{"-repeat", "10m"}, "-repeat: has no effect without state"},
		{"timeout", "", []string{robot}, []string{"-timeout", "-1s"}, "-timeout: not a time"},
		{"line", "dingtalk-url " + testToken, nil, nil, "line 1 is not"},
		{"name", "dingtalk-url = x\nhush-name = x", nil, nil, "line 2 is not"},
		{"file of a variable", "", []string{"TOCSIN_WECOM_URL_FILE=/nowhere/hush"}, nil, "TOCSIN_WECOM_URL_FILE: no such file"},
		{"file that is asked for", "", []string{robot}, []string{"-config", "/nowhere/hush"}, "the file of settings: no such file"},
		{"directory", "", []string{robot}, []string{"-config", "/"}, "not a regular file"},
		{"long", strings.Repeat("#", 64<<10+1), []string{robot}, nil, "longer than 65536 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSettings(test.args, getenv(test.env...), file(t, test.conf))
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

// Secrets that others can read are none.
func TestFileMode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644, 0o777} {
		path := file(t, "dingtalk-url = "+testToken)
		require.NoError(t, os.Chmod(path, mode))
		_, err := readSettings(nil, getenv(), path)
		require.ErrorContains(t, err, "chmod 600")
		require.NotContains(t, err.Error(), "hush")
		_, err = readSettings(nil, getenv("TOCSIN_WECOM_URL_FILE="+path), "/nowhere")
		require.ErrorContains(t, err, "chmod 600")
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		path := file(t, "dingtalk-url = "+testToken)
		require.NoError(t, os.Chmod(path, mode))
		_, err := readSettings(nil, getenv(), path)
		require.NoError(t, err)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, s := range newSettings() {
		require.Contains(t, Usage(), "  "+s.name)
	}
	wrapper, err := os.ReadFile("../../ocp-dingtalk/ocp-dingtalk.sh")
	require.NoError(t, err)
	require.Equal(t, "#!/bin/bash\nexec /opt/tocsin/ocp-dingtalk\n", string(wrapper))
}
