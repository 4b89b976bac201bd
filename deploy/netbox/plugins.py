PLUGINS = ["netbox_dns"]
