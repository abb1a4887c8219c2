package main

import (
	"net"
	"os"
	"strings"
)

// notify tells the service manager how the service is, as sd_notify(3) does; without one it does nothing.
func notify(state string) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	if name, abstract := strings.CutPrefix(socket, "@"); abstract {
		socket = "\x00" + name
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Write([]byte(state))
	return err
}

// What a service manager is told.
const (
	nowReady    = "READY=1"
	nowDraining = "STOPPING=1\nSTATUS=draining: running calls end by themselves"
)
