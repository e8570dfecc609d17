module orgkey.test/python

go 1.25.0

require github.com/kluctl/go-embed-python v0.0.0-3.13.1-20241219-1
