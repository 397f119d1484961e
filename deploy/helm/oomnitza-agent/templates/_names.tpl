{{- define "agent.name" -}}
{{- printf "%s-agent" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "agent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "agent.labels" -}}
{{ include "agent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The seconds that the agent may take to end, by [serve] of its configuration. */}}
{{- define "agent.drainDelay" -}}
{{ regexFind "(?m)^drain_delay *[=:] *[0-9]+" .Values.config.ini | regexFind "[0-9]+$" | default "0" }}
{{- end -}}

{{- define "agent.drainSeconds" -}}
{{ regexFind "(?m)^drain_seconds *[=:] *[0-9]+" .Values.config.ini | regexFind "[0-9]+$" | default "30" }}
{{- end -}}
