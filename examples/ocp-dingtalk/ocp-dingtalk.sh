#!/usr/bin/env bash
exec /opt/tocsin/ocp-dingtalk
