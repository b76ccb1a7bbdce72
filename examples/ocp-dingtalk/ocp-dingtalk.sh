#!/bin/bash
exec /opt/tocsin/ocp-dingtalk
