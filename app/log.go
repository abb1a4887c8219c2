package app

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"assent/configs"
	"assent/event"
)

// newLogger writes to standard error in the configured form.
func newLogger(cfg configs.Log) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(cfg.Level)
	if err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	z := zap.NewProductionConfig()
	z.Level = zap.NewAtomicLevelAt(level)
	z.Sampling = nil // one line a step of a call's story: none may be missing
	z.OutputPaths, z.ErrorOutputPaths = []string{"stderr"}, []string{"stderr"}
	z.EncoderConfig.TimeKey, z.EncoderConfig.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	z.DisableStacktrace, z.DisableCaller = true, true
	if cfg.Format == "console" {
		z.Encoding, z.EncoderConfig.EncodeLevel = "console", zapcore.CapitalLevelEncoder
	}
	return z.Build()
}

// logEvents writes each event as one line of its call's story, with numbers
// masked and no key that was pressed.
func logEvents(log *zap.Logger) func(event.Event) {
	return func(e event.Event) {
		fields := make([]zap.Field, 0, 16)
		text := func(key, value string) {
			if value != "" {
				fields = append(fields, zap.String(key, value))
			}
		}
		text("call", e.Call)
		text("trunk", e.Trunk)
		text("queue", e.Queue)
		text("station", e.Station)
		text("leg", e.Leg)
		if e.Type == event.CallStarted || e.Type == event.CallEnded {
			text("from", event.Mask(e.From))
			text("to", event.Mask(e.To))
		}
		text("flow", e.Flow)
		text("action", e.Action)
		text("reason", e.Reason)
		text("by", e.By)
		text("detail", e.Detail)
		if e.SIP != 0 {
			fields = append(fields, zap.Int("sip", e.SIP), zap.Int("q850", e.Q850))
		}
		if e.Consent != nil {
			text("consent", e.Consent.State)
			text("method", e.Consent.Method)
		}
		if r := e.Recording; r != nil {
			text("recording", r.ID)
			text("decision", r.Decision)
			text("result", r.Result)
		}
		if v := e.Stir; v != nil {
			text("verdict", v.Verdict)
			text("attestation", v.Attestation)
			text("signer", v.Signer)
			text("origid", v.OrigID)
			if e.Reason == "" {
				text("reason", v.Reason)
			}
		}
		log.Info(string(e.Type), fields...)
	}
}
