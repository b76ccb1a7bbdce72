module github.com/tocsin-go/tocsin/examples

go 1.26.0

require (
	github.com/gosnmp/gosnmp v1.47.0
	github.com/stretchr/testify v1.12.1
	github.com/tocsin-go/tocsin v0.0.0
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/time v0.16.0 // indirect
)

replace github.com/tocsin-go/tocsin => ../
