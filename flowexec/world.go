package flowexec

// World is what a flow is checked against: the parts of the configuration that
// it names. Whatever is nil is not known and is not checked.
type World struct {
	Language string          // what calls begin with, such as "en"
	Prompts  Prompts         // nil: prompts are not checked
	Queues   map[string]bool // by name, whether recording is on in the queue
	Trunks   []string
	Stations []string
	// Speech returns why no text can be spoken, nil if it can. Nil: that is not checked.
	Speech func() error
	// Gated says whether a trunk records calls by the flow and waits for
	// consent, or may come to do so. The lints about the gate are for such flows. Nil: all are.
	Gated func(flow string) bool
}

// Prompts knows which prompts exist. Where it also has the method
// Names() []string, a wrong name is answered with the nearest one.
type Prompts interface {
	// Has says whether a prompt can be played in a language: from the
	// language's own folder or from that of all languages.
	Has(name, language string) bool
}

func (w World) promptNames() []string {
	if named, ok := w.Prompts.(interface{ Names() []string }); ok {
		return named.Names()
	}
	return nil
}

func (w World) queueNames() []string {
	if w.Queues == nil {
		return nil
	}
	names := make([]string, 0, len(w.Queues))
	for name := range w.Queues {
		names = append(names, name)
	}
	return names
}
