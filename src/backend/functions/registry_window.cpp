// Window functions proper: the executor computes them, here they are named.
#include "kernel.h"

namespace varve::functions {

namespace {

template <WindowImpl::Kind kKind>
constexpr WindowImpl kWindow{kKind};
using Kind = WindowImpl::Kind;

const Binding kBindings[] = {
    {"row_number()", &kWindow<Kind::kRowNumber>},
    {"rank()", &kWindow<Kind::kRank>},
    {"dense_rank()", &kWindow<Kind::kDenseRank>},
    {"percent_rank()", &kWindow<Kind::kPercentRank>},
    {"cume_dist()", &kWindow<Kind::kCumeDist>},
    {"ntile(int4)", &kWindow<Kind::kNtile>},
    {"lag(anyelement)", &kWindow<Kind::kLag>},
    {"lag(anyelement,int4)", &kWindow<Kind::kLag>},
    {"lag(anycompatible,int4,anycompatible)", &kWindow<Kind::kLag>},
    {"lead(anyelement)", &kWindow<Kind::kLead>},
    {"lead(anyelement,int4)", &kWindow<Kind::kLead>},
    {"lead(anycompatible,int4,anycompatible)", &kWindow<Kind::kLead>},
    {"first_value(anyelement)", &kWindow<Kind::kFirstValue>},
    {"last_value(anyelement)", &kWindow<Kind::kLastValue>},
    {"nth_value(anyelement,int4)", &kWindow<Kind::kNthValue>},
};

}  // namespace

Bindings window_bindings() { return kBindings; }

}  // namespace varve::functions
