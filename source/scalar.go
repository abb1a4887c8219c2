package source

import (
	"errors"
	"math"
	"reflect"
	"regexp"
	"strconv"
)

// decimal is how a number is written. Leading zeros, 0x, 0o and _ mean different
// things in different versions of YAML, so they mean nothing here.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// scalar decodes text, numbers, booleans and lengths of time.
func (d *decoder) scalar(n *Node, v reflect.Value) {
	if n.kind == Null {
		d.report(n.Problem(n.title()+" has no value", "give it one, or remove the key: then its default holds"))
		return
	}
	if n.kind != Scalar {
		d.report(n.wrong(kindOf(v.Type()), "write one value"))
		return
	}
	if v.Type() == durationType {
		d.duration(n, v)
		return
	}
	if v.Kind() == reflect.String { // any plain value is text here: a number keeps its plus and its zeros
		v.SetString(n.text)
		return
	}
	if n.quoted || !d.plain(n, v) {
		d.report(n.wrong(kindOf(v.Type()), example(v.Type())))
	}
}

// plain decodes what must not be in quotes; false means that it does not fit.
func (d *decoder) plain(n *Node, v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.Bool:
		if n.text != "true" && n.text != "false" {
			return false
		}
		v.SetBool(n.text == "true")
	case v.CanInt():
		i, err := strconv.ParseInt(n.text, 10, 64)
		if err != nil || !decimal.MatchString(n.text) {
			return false
		}
		if v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
	case v.CanUint():
		u, err := strconv.ParseUint(n.text, 10, 64)
		if err != nil || !decimal.MatchString(n.text) || v.OverflowUint(u) {
			return false
		}
		v.SetUint(u)
	case v.CanFloat():
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || !decimal.MatchString(n.text) || math.IsInf(f, 0) {
			return false
		}
		v.SetFloat(f)
	default:
		panic("source: no way to decode " + v.Type().String())
	}
	return true
}

func (d *decoder) duration(n *Node, v reflect.Value) {
	length, err := ParseDuration(n.text)
	if err != nil && n.Secret() {
		err = errors.New("not a length of time")
	}
	if err != nil {
		d.report(n.Problem(n.title()+": "+err.Error(), "write a length of time such as 200ms, 30s, 5m, 4h or 365d"))
		return
	}
	v.SetInt(int64(length))
}

func kindOf(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a length of time"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32:
		return "a number"
	}
	return "a whole number"
}

func example(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "write true or false, without quotes"
	case reflect.Float64, reflect.Float32:
		return "write a number such as 2.5, without quotes"
	}
	return "write a number such as 20, without quotes"
}
